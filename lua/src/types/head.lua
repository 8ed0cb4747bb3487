---What a parameter is set to: a number, text such as "-6dB", "250ms", "C4" or a label, true or false, a list of numbers.
---@alias cantus.Value number|string|boolean|number[]

---A module of a type that the editor does not know.
---@class cantus.AnyModule: cantus.Module
---@field [string] any

---What is known of a sound, as `slot:sound` tells it. Frames count from 0.
---@class cantus.Sound
---@field seconds number How long it is at its own pitch.
---@field frames integer How long it is.
---@field channels integer How many it has.
---@field rate number How many frames make a second.
---@field file_rate number The same in the file.
---@field format string "WAV", "AIFF", "FLAC", "OGG Vorbis", "MP3" or "another".
---@field root? number The note at which it was recorded, if the file says so.
---@field loops cantus.Loop[] By where they start.
---@field cues cantus.Cue[] By frame.
---@field onsets cantus.Onset[] Where something begins, by frame.

---A part of a sound that is to be repeated; start and finish are fractions of the length.
---@alias cantus.Loop {start: number, finish: number, mode: "forward"|"ping_pong"|"backward"}

---A place in a sound: its frame, its time in seconds, and as a fraction of the length.
---@alias cantus.Cue {frame: integer, seconds: number, place: number, name: string}

---Where something begins; the strongest has a strength of 1.
---@alias cantus.Onset {frame: integer, seconds: number, place: number, strength: number}

---What a step of a pattern has.
---@class cantus.Step
---@field note? number|string A MIDI note number, a note such as "C4", "OFF" or "CUT".
---@field instrument? integer Which of several targets plays it, from 1 to 255.
---@field slot? integer From 1.
---@field velocity? number 0 to 1.
---@field length? number Rows (1); 0 lets it ring.
---@field delay? number Rows that it comes late, above -1 and below 1.
---@field chance? number|string 0 to 1, or such as "50%".
---@field ratio? string|integer[] "1:4" or {1, 4}: in the first of four turns.
---@field condition? string "first", "pre", "fill" or "every 4"; with ! before it, not so.
---@field ratchet? integer|number[]|{hits: integer, ramp?: number, curve?: number}|string How often it is struck, 2 to 64; how its loudness and its time go, -1 to 1.
---@field glide? number Rows.
---@field locks? table<string, number|string|boolean> Values of parameters for this note alone.

---Options of `pattern`, and what every step has that does not say otherwise.
---@class (exact) cantus.PatternOptions: cantus.Step
---@field rows? integer How many rows it has, 1 to 65536.
---@field steps_per_beat? number How many rows make a beat (4); below 0 it plays backwards.
---@field per_beat? number The same.
---@field cycle? number|string Beats that a cycle lasts (a bar).
---@field cycles? integer How many cycles are played.
---@field slots? table<string, integer> What words of a cycle mean.
---@field as? "note"|"slot" What numbers of a cycle mean.
---@field lanes? boolean What a cycle stacks has columns of its own.

---A pattern as a table: for each row a step, or a list of them by column, false where there is none.
---@class cantus.PatternTable
---@field rows integer How many rows it has.
---@field steps_per_beat number How many rows make a beat.
---@field behind? table<integer, cantus.Step|(cantus.Step|false)[]> Those behind the last row.
---@field [integer] cantus.Step|(cantus.Step|false)[]
---An entry of a chain, as `get` answers it and `set` takes it.
---@class cantus.Entry
---@field pattern string|cantus.Pattern
---@field repeats? integer 1 to 99 (1).
---@field enabled? boolean False: it is left out.
---@field transpose? number Semitones that are added to each note.
---@field rows? integer Rows that are played each time: the first ones, or more than there are, as they go round.
---@field follow? string|integer|table<string|integer, integer> What comes after it, or weights.

---Part of a pattern. Without rows all that are played, without columns all. Both count from 1.
---@class (exact) cantus.Selection
---@field rows? integer|integer[] The first and the last.
---@field row? integer One alone.
---@field columns? integer|integer[] The first and the last.
---@field column? integer One alone.

---A selection, and how what lies between is filled.
---@class (exact) cantus.Interpolation: cantus.Selection
---@field curve? number -1 to 1: fast at first, even (0), slow at first.

---A selection, and what it is filled with.
---@class (exact) cantus.Euclid: cantus.Selection
---@field rotation? integer So many rows of the beginning come last.
---@field step? string|number|boolean|table What stands on each hit.

---Steps that were copied from a pattern. `#clip` is how many.
---@class cantus.Clip
---@field rows integer How many rows it covers.
---@field columns integer How many columns it covers.

---A note as `trigger` plays it.
---@class (exact) cantus.Note
---@field note? number|string A MIDI note number, or a note such as "C4".
---@field velocity? number 0 to 1.
---@field slot? integer From 1.
---@field length? number Beats.

---How a cable is drawn.
---@class (exact) cantus.Ports
---@field from? string The output.
---@field to? string The input.
---@field kind? "event"|"audio" What the cable carries.
---@field gain? number 1 leaves the level as it is.
---@field feedback? boolean It takes one quantum, and may lead back.

---@alias cantus.How cantus.Ports|"event"|"audio"

---How a parameter is modulated.
---@class (exact) cantus.Modulation
---@field depth? number 1 is all of the range.
---@field low? number|string The range's low end, in the parameter's unit.
---@field high? number|string Its high end.
---@field curve? number 0 is straight.
---@field bipolar? boolean It moves both ways.
---@field smoothing? number Seconds.
---@field feedback? boolean It may lead back.

---How a controller sets a parameter.
---@class (exact) cantus.Control
---@field low? number|string The range's low end, in the parameter's unit.
---@field high? number|string Its high end.
---@field curve? number 0 is straight.

---The state. It never changes, but for what is sampled when it is read.
---@class cantus.State
---@field version integer Counts changes.
---@field clock {bpm: number, beat: number, playing: boolean, signature: string, beats_per_bar: number, swing: number}
---@field modules table<string, cantus.ModuleState>
---@field connections {from: string, to: string}[]
---@field patterns table<string, cantus.PatternState>
---@field patternRuntime {playhead: number, patterns: table<string, cantus.PatternState>}
---@field scenes string[]
---@field pending string[] What waits for its time, such as the next bar.
---@field problems string[] What is missing or has failed.
---@field clone fun(): cantus.State A copy that is yours to change.

---@class cantus.ModuleState
---@field name string
---@field type string
---@field id integer
---@field enabled boolean
---@field mute boolean
---@field solo boolean
---@field seed integer
---@field status string "ready", "loading", or what is wrong.
---@field parameters table<string, any>
---@field slots table<string, any>[]
---@field meters table<string, number> Sampled when they are read.

---@class cantus.PatternState
---@field name string
---@field rows integer
---@field steps_per_beat number
---@field steps string[] A line for each row that has any.

---Options of `every`.
---@class (exact) cantus.Every
---@field offset? number Beats by which it is moved.
---@field label? string Names its random numbers.

---What is to be done later, as `timers` lists it.
---@class cantus.Timer
---@field id integer
---@field what string
---@field file string

---A cycle of the musical library.
---@alias cycle cantus.Cycle
---A list that advances when it is read.
---@alias sequins cantus.Sequins
---A list that goes round.
---@alias ring cantus.Ring

---A module type, as `types` lists it.
---@class cantus.Type
---@field type string Its name.
---@field constructor string The function that makes one.
---@field kind string What it is in a session.
---@field plugin string Id of the plugin that provides it.
---@field doc string What it does.

---A parameter, as `parameters` lists it.
---@class cantus.Parameter
---@field key string Its name.
---@field path? string Where it is, for `setParam`.
---@field kind "float"|"int"|"bool"|"enum"|"sample"|"pattern"|"numbers"|"text"
---@field value any What it is now; nil where there is no module.
---@field min? number The smallest value.
---@field max? number The largest value.
---@field default any What it is in a new module.
---@field unit? string What the number counts.
---@field labels? string[] What it can be.
---@field aliases string[] Other names it answers to.
---@field lock? boolean Whether a note can be given another value for it alone.
---@field doc string What it does.

---An action, as `actions` lists it.
---@class cantus.Named
---@field key string Its name.
---@field doc string What it does.

---A meter, as `meters` lists it.
---@class cantus.Meter: cantus.Named
---@field value? number What it shows now.
---@field unit? string What the number counts.

---A preset, as `presets` lists it.
---@class cantus.Preset: cantus.Named
---@field name string Its name for people.
---@field values table<string, any> What it sets the module's parameters to.
---@field slots table<integer, table<string, any>> What it sets those of slots to.

---The loudspeaker, for `connect`.
---@type string
out = "out"
