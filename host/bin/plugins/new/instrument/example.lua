-- cantus run example.lua --plugins target/release
-- Change a number below and save: it is heard at once.

engine:getClock():setBPM(110)

local synth = __type__("synth", { brightness = 3, release = "400ms" })
local line = sequencer("line", { pattern = pattern("line", mini("<[c3 eb3 g3 c4]*2 [ab2 c3 eb3 ab3]*2>")) })

connect(line, synth)
