-- A drum beat: sixteen bars, each phrase of four ends differently.
--
--   cantus run lua/examples/beat.lua          plays it; change a line, save, and hear the change
--   cantus render lua/examples/beat.lua -o beat.wav

engine:getClock():setBPM(96)

local mix = mixer("mix")

-- A sampler, a sequencer that plays it, and a strip of the mixer.
local strip = 0
local function track(name, sounds, lanes, level)
  strip = strip + 1
  local drum = sampler(name, { slots = sounds })
  local steps = sequencer(name .. "_steps", { pattern = pattern(name, { lanes = lanes }) })
  connect(steps, drum)
  connect(drum, mix, { to = "in_" .. strip })
  mix.slots[strip].gain = level.gain or 1
  mix.slots[strip].pan = level.pan or 0
  return drum
end

-- Four bars after another, 16 rows each.
local function bars(...) return table.concat({ ... }, " ") end

-- Phrases A A B C, four bars each.
local function song(a, b, c) return bars(a, a, b, c) end

track("kick", { { file = "bd_haus.flac", gain = 0.8 } }, {
  { song(bars("x...|..x.|..x.|....", "x...|..x.|....|..x.", "x...|..x.|..x.|....", "x...|..x.|...x|..x."),
         bars("x...|....|..xx|....", "x..x|..x.|....|....", "x...|....|..xx|....", "x..x|....|..x.|x.x."),
         bars("x...|..x.|..x.|....", "x...|..x.|....|..x.", "x...|..x.|..x.|....", "x...|....|x.x.|xxxx")),
    slot = 1 },
}, { gain = 0.27 })

track("sub", { { file = "bd_808.flac", tune = -100, gain = 0.8 } }, {
  { song(bars("x...|....|....|....", "....|....|....|..x.", "x...|....|....|....", "....|....|...x|...."),
         bars("x...|....|..x.|....", "....|..x.|....|....", "x...|....|..x.|....", "....|....|....|x..."),
         bars("x...|....|....|....", "....|....|....|..x.", "x...|....|....|....", "....|....|x...|....")),
    slot = 1, length = 6 },
}, { gain = 0.8 })

-- The backbeat, and ghost notes that come and go.
track("snare", { { file = "drum_snare_hard.flac", gain = 0.9 }, { file = "drum_snare_soft.flac" } }, {
  { song(bars("....|x...|....|x...", "....|x...|....|x...", "....|x...|....|x...", "....|x...|....|x..x"),
         bars("....|x...|....|x...", "....|x...|....|x...", "....|x...|....|x...", "....|x...|..x.|xx.x"),
         bars("....|x...|....|x...", "....|x...|....|x...", "....|x...|....|x...", "....|x...|.xx.|xxxx")),
    slot = 1, velocity = 0.9 },
  { song(bars(".x..|....|.x..|....", "....|...x|.x..|....", ".x..|....|.x..|...x", "....|...x|....|...."),
         bars("..x.|...x|.x..|...x", "..x.|....|.x..|.x..", "..x.|...x|.x..|...x", "....|....|....|...."),
         bars(".x..|....|.x..|....", "....|...x|.x..|....", ".x..|....|.x..|...x", "....|....|....|....")),
    slot = 2, velocity = 0.45 },
}, { gain = 0.44, pan = -0.05 })

-- Closed, pedal and open hat choke each other; the velocities are drawn by the seeded random.
local hats = { rows = 256 }
for row = 1, 256 do
  local beat = (row - 1) % 4
  local velocity = ({ 0.75, 0.3, 0.55, 0.25 })[beat + 1] + 0.2 * math.random()
  if beat % 2 == 0 or math.random() < 0.4 then hats[row] = { slot = 1, velocity = velocity } end
  if row % 32 == 31 then hats[row] = { slot = 2, velocity = 0.6 } end
  if row % 64 == 29 then hats[row] = { slot = 3, velocity = 0.7 } end
end
track("hats", {
  { file = "drum_cymbal_closed.flac", choke = 1 },
  { file = "drum_cymbal_open.flac", choke = 1 },
  { file = "drum_cymbal_pedal.flac", choke = 1 },
}, { hats }, { gain = 0.95, pan = 0.25 })

track("perc", { { file = "tabla_ghe1.flac" }, { file = "tabla_na.flac" }, { file = "perc_snap.flac", gain = 0.7 } }, {
  { song(bars("....|....|....|....", "....|....|...x|....", "....|....|....|....", "....|....|..x.|...."),
         bars("...x|..x.|...x|....", "....|..x.|.x..|..x.", "...x|..x.|...x|....", "....|..x.|.x..|xx.."),
         bars("....|....|....|....", "....|....|...x|....", "...x|....|..x.|....", "....|....|....|....")),
    slot = 1, velocity = 0.8 },
  { song(bars("..x.|....|...x|....", "..x.|....|....|.x..", "..x.|....|...x|....", "..x.|....|....|...."),
         bars("x...|...x|....|x...", "x...|...x|....|....", "x...|...x|....|x...", "x...|....|....|...."),
         bars("..x.|....|...x|....", "..x.|....|....|.x..", "..x.|....|...x|....", "....|....|....|....")),
    slot = 2, velocity = 0.5 },
  { song(bars("....|....|....|....", "....|....|....|....", "....|....|....|....", "....|....|....|..x."),
         bars("....|x...|....|x...", "....|x...|....|x...", "....|x...|....|x...", "....|x...|....|...."),
         bars("....|....|....|....", "....|....|....|....", "....|....|....|....", "....|....|....|....")),
    slot = 3, velocity = 0.6 },
}, { gain = 0.62, pan = -0.35 })

-- Once a phrase, something to turn the head.
track("turn", { { file = "vinyl_scratch.flac" }, { file = "drum_cowbell.flac", gain = 0.5 } }, {
  { "................................................|............x.x." .. "|................................................|.......x........",
    slot = 1, velocity = 0.7 },
  { "..x...x..x..x...|" .. ("................|"):rep(6) .. "..x...x..x..x...", slot = 2, velocity = 0.4 },
}, { gain = 0.7, pan = 0.4 })

output("master", { volume = "-2dB" })
connect(mix, "master")
