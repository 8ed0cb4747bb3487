-- cantus run example.lua --plugins target/release
-- Change a number below and save: it is heard at once.

engine:getClock():setBPM(100)

local choir = sampler("choir", { volume = "-9dB", resonance = 0.4, attack = "50ms", release = "300ms" })
choir.slots[1] = { file = "ambi_choir.flac", style = "loop", loop_fade = "200ms" }
local line = sequencer("line", { pattern = pattern("line", mini("<[c4,e4,g4] [a3,c4,e4] [f3,a3,c4] [g3,b3,d4]>")) })
connect(line, choir)

local wave = __type__("wave", { rate = 2 })
modulate(wave, "choir.cutoff", { low = "300Hz", high = "6kHz" })
