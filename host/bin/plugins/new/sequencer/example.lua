-- cantus run example.lua --plugins target/release
-- Change a number below and save: it is heard at once.

engine:getClock():setBPM(110)

local drum = sampler("drum", { volume = "-6dB", slots = { { file = "tabla_na.flac" } } })
local low = sampler("low", { volume = "-6dB", transpose = -12, slots = { { file = "tabla_na.flac" } } })

connect(__type__("five", { hits = 5, steps = 8 }), drum)
connect(__type__("three", { hits = 3, steps = 16 }), low)
