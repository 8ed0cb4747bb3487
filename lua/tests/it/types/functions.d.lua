
---@class cantus.Clock
local Clock = {}

---Does it.
---```lua
---it()  it()
---```
---@param bpm number
function Clock:setBPM(bpm) end

---@class cantus.Ring
---@field [integer] any
local Ring = {}

---Does it.
---```lua
---it()  it()
---```
---@param by? number
---@return ring
function Ring:turn(by) end

---Clock, modules, cables, parameters and patterns.
---@type cantus.Engine
engine = {}

---@class cantus.ClockLibrary
clock = {}

---Does it.
---```lua
---it()  it()
---```
---@param f fun(): number
---@return integer
function clock.run(f) end

---Does it.
---```lua
---it()  it()
---```
---@param beats number
function clock.sleep(beats) end

---Does it.
---```lua
---it()  it()
---```
---@param text string
---@return string[]
function string.words(text) end

---Does it.
---```lua
---it()  it()
---```
---@param module cantus.Module|string
---@param how? {over: number}
---@return number
---@return string
---@overload fun(...: any)
function it(module, how) end

---Does it.
---```lua
---it()  it()
---```
---@generic T: cantus.Module
---@param type `T`
---@return T
function make(type) end

---Does it.
---```lua
---it()  it()
---```
---@param ... any
---@return any
function odd(...) end

---Does it.
---```lua
---it()  it()
---```
---@param ring ring
---@param by? number
---@return ring
function turn(ring, by) end
