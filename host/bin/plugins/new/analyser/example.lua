-- cantus run example.lua --plugins target/release
-- Change a number below and save: it is heard at once.

engine:getClock():setBPM(110)

local drum = sampler("drum", { volume = "-6dB", slots = { { file = "tabla_na.flac" } } })
local line = sequencer("line", { pattern = pattern("line", "x..x ..x. x.x. ....") })
local show = __type__("show")

connect(line, drum)
connect(drum, show)
every(1, function() print(("peak %.2f, level %.2f"):format(show.meters.peak, show.meters.level)) end)
