-- A song of Cantus. Every time this file is saved while it plays, it is evaluated again, and the music carries on.

engine:getClock():setBPM(110)

-- Put sound files into samples/, name them here, and take the dashes away:
--
-- drums = sampler("drums", { volume = "-4dB", slots = {
--   { file = "kick.wav" }, { file = "snare.wav" }, { file = "hat.wav", gain = 0.4 },
-- } })
--
-- steps = sequencer("steps", { pattern = pattern("beat", { lanes = {
--   { "x... ..x. x... ....", slot = 1 },
--   { ".... x... .... x..x", slot = 2 },
--   { "x.x. x.x. x.x. xXxX", slot = 3, velocity = 0.6 },
-- } }) })
--
-- connect(steps, drums)
