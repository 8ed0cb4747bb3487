---@meta _
-- Written by `cantus types`; what is changed here is lost the next time.

---@class (exact) Echo.Options
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.

---Repeats.
---@class Echo: cantus.Module
local Echo = {}

---@class (exact) Hall.Options
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.

---Reverberates.
---@class Hall: cantus.Module
local Hall = {}

---@class (exact) Patch.Options
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.

---Has an unlucky constructor.
---@class Patch: cantus.Module
local Patch = {}

---@class (exact) Steps.Options
---@field pattern? string|cantus.Pattern What it plays.
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.

---Plays a pattern.
---@class Steps: cantus.Module
---@field pattern string|cantus.Pattern What it plays.
local Steps = {}

---Samples. There are 4, from 1.
---@class Tone.Slot: cantus.Slot
---@field file string Sound file.

---@class (exact) Tone.SlotOptions
---@field file? string Sound file.

---@class Tone.Meters
---@field peak number How loud it was.
---@field place_1 number Where.
---@field place_2 number Where.

---What `preset` can set.
---@alias Tone.Preset
---| "thin" # Goes well with others. volume = 0.25, wave = "saw"

---A note, and what is another for it alone.
---@class (exact) Tone.Note: cantus.Note
---@field pan? number Where. -1 to 1 (0)

---@class (exact) Tone.Options
---@field volume? number|string How loud. 0 to 2 (1), or "-6dB"
---@field amp? number|string Another name of volume.
---@field pan? number Where. -1 to 1 (0)
---@field voices? integer How many. 1 to 16 (4)
---@field glide? boolean Slides. (false)
---@field wave? "sine"|"saw" Shape. ("sine")
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.
---@field slots? table<integer, Tone.SlotOptions> What its slots are set to, from 1.
---@field [integer] Tone.SlotOptions The same, without `slots`.

---Sings, or hums.
---@class Tone: cantus.Module
---@field volume number|string How loud. 0 to 2 (1), or "-6dB"
---@field amp number|string Another name of volume.
---@field pan number Where. -1 to 1 (0)
---@field voices integer How many. 1 to 16 (4)
---@field glide boolean Slides. (false)
---@field wave "sine"|"saw" Shape. ("sine")
---@field slots table<integer, Tone.Slot|Tone.SlotOptions>
---@field meters Tone.Meters What it shows, sampled now.
local Tone = {}

---Falls silent.
function Tone:stop() end

---Plays a note.
---@param what? number|string|Tone.Note
function Tone:trigger(what) end

---Plays a pattern.
---@param name? string
---@param options? Steps.Options
---@return Steps
---@overload fun(options: Steps.Options): Steps
function steps(name, options) end

---Sings, or hums.
---@param name? string
---@param options? Tone.Options
---@return Tone
---@overload fun(options: Tone.Options): Tone
function tone(name, options) end
