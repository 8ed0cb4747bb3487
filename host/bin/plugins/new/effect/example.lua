-- cantus run example.lua --plugins target/release
-- Change a number below and save: it is heard at once.

engine:getClock():setBPM(100)

local choir = sampler("choir", { volume = "-9dB", attack = "50ms", release = "300ms" })
choir.slots[1] = { file = "ambi_choir.flac", style = "loop", loop_fade = "200ms" }
local line = sequencer("line", { pattern = pattern("line", mini("<[c4,e4,g4] [a3,c4,e4] [f3,a3,c4] [g3,b3,d4]>")) })
local effect = __type__("effect", { depth = 0.9, per_beat = 4 })

connect(line, choir)
connect(choir, effect)
