---@meta _
-- Written by `cantus types`; what is changed here is lost the next time.

---@class (exact) Old.Options
---@field enabled? boolean Whether it does its work; an effect that does not lets through what comes in.
---@field mute? boolean Whether it is not heard, and sends no notes.
---@field solo? boolean Whether only it, and what else is solo, is heard.
---@field seed? integer What everything random in it follows from, from 0.

---
---@class Old: cantus.Module
local Old = {}

---@type Tone
kick = {}

---@type Old
old = {}

---@type Steps
seq = {}
