-- Sixteen tracks at 124: thirty-two bars that build up, break and come back.

engine:getClock():setBPM(124)

local BARS, ROWS = 32, 16
local mix = mixer("mix")
local strip = 0

-- A track: a sampler on its own strip of the mixer, and a sequencer that plays `step(bar, row)` of every row that has one.
-- Bars and rows count from 1; `bars` says in which bars the track plays, as "first-last first-last".
local function track(name, options, bars, step)
  local instrument = sampler(name, options.sampler or {})
  for i, slot in ipairs(options) do
    for key, value in pairs(slot) do instrument.slots[i][key] = value end
  end
  local rows = { rows = BARS * ROWS }
  for first, last in bars:gmatch("(%d+)%-(%d+)") do
    for bar = tonumber(first), tonumber(last) do
      for row = 1, ROWS do rows[(bar - 1) * ROWS + row] = step(bar, row) end
    end
  end
  connect(sequencer(name .. "_steps", { pattern = pattern(name, rows) }), instrument)
  strip = strip + 1
  connect(instrument, mix, { to = "in_" .. strip })
  mix.slots[strip].gain = options.gain
  mix.slots[strip].pan = options.pan or 0
end

-- Whether row `row` has one of `hits` onsets spread as evenly as can be over 16, turned by `shift`.
local function euclid(hits, row, shift)
  return ((row - 1 + (shift or 0)) * hits) % ROWS < hits
end

-- Row signs as text: what stands at a row of it.
local function at(text, row) return text:sub(row, row) end

-- The harmony: a chord of two bars, as its root and its notes.
local chords = {
  { root = 33, 57, 60, 64, 67 }, { root = 29, 57, 60, 65, 69 },
  { root = 36, 55, 60, 64, 67 }, { root = 31, 55, 59, 62, 67 },
}
local function chord(bar) return chords[(bar - 1) // 2 % 4 + 1] end

-- 1 to 4: the floor.
track("kick", { { file = "bd_haus.flac" }, gain = 0.22 }, "1-16 19-32", function(bar, row)
  if row % 4 == 1 and not (bar % 8 == 0 and row > 12) then return { velocity = 0.95 } end
  if bar % 4 == 0 and row == 16 then return { velocity = 0.6 } end
end)

track("sub", { { file = "bd_808.flac", root = 26, gain = 0.7 }, gain = 0.65, sampler = { release = 0.15 } },
  "5-16 21-32", function(bar, row)
    if at("..x...x...x..x..", row) == "x" then return { note = chord(bar).root, length = 2, velocity = 0.8 } end
  end)

track("clap", { { file = "perc_snap.flac" }, gain = 0.7, pan = 0.05 }, "3-16 19-32", function(bar, row)
  if row == 5 or row == 13 then return { velocity = 0.85 } end
  if bar % 4 == 0 and row == 15 then return { velocity = 0.4 } end
end)

track("snare", { { file = "drum_snare_hard.flac" }, { file = "drum_snare_soft.flac" }, gain = 0.75, pan = -0.1 },
  "7-18 23-32", function(bar, row)
    if bar % 8 == 0 or bar == 18 then -- a roll that grows
      if row % 2 == 1 or row > 8 then return { slot = 2, velocity = 0.3 + row / 24 } end
    elseif at("...x......x.....", row) == "x" then
      return { slot = 2, velocity = 0.5 }
    elseif bar % 2 == 0 and row == 16 then
      return { velocity = 0.45 }
    end
  end)

-- 5 to 8: metal and wood.
track("hat", { { file = "drum_cymbal_closed.flac" }, gain = 0.95, pan = 0.2 }, "2-16 17-32", function(bar, row)
  if row % 4 == 3 then return { velocity = 0.7 } end
  if bar > 8 and math.random() < 0.6 then return { velocity = 0.15 + 0.25 * math.random() } end
end)

track("open", { { file = "drum_cymbal_open.flac" }, gain = 0.42, pan = -0.25, sampler = { release = 0.12 } },
  "9-16 25-32", function(bar, row)
    if row % 8 == 7 then return { length = 1.6, velocity = 0.6 } end
  end)

track("pedal", { { file = "drum_cymbal_pedal.flac" }, gain = 0.9, pan = 0.45 }, "5-16 21-32", function(bar, row)
  if euclid(5, row, bar % 2 * 3) then return { velocity = 0.4 + 0.2 * math.random() } end
end)

track("bell", { { file = "drum_cowbell.flac" }, gain = 0.24, pan = -0.5 }, "11-16 27-32", function(bar, row)
  if euclid(7, row, bar) then return { velocity = row % 4 == 1 and 0.6 or 0.35 } end
end)

-- 9 to 12: hands.
track("ghe", { { file = "tabla_ghe1.flac" }, gain = 0.36, pan = -0.3 }, "1-24 27-32", function(bar, row)
  if at(bar % 2 == 1 and "x.....x...x....." or "x..x..x.....x.x.", row) == "x" then
    return { velocity = 0.6 + 0.3 * math.random() }
  end
end)

track("na", { { file = "tabla_na.flac" }, gain = 0.5, pan = 0.35 }, "1-24 27-32", function(bar, row)
  if at(bar % 4 == 3 and "...x..x..x.xx.x." or "...x..x....x..x.", row) == "x" then
    return { velocity = 0.4 + 0.3 * math.random() }
  end
end)

track("te", { { file = "tabla_te1.flac" }, gain = 0.75, pan = 0.15 }, "3-24 27-32", function(bar, row)
  if euclid(bar % 3 + 5, row, bar) and row % 4 ~= 1 then return { velocity = 0.25 + 0.35 * math.random() } end
end)

track("tom", { { file = "drum_tom_mid_hard.flac", root = 48 }, gain = 0.28, pan = -0.4 }, "8-8 12-12 16-18 24-24 28-28 32-32",
  function(bar, row)
    if row > 8 and (row % 3 == 1 or row > 13) then return { note = 55 - row // 2 + bar % 3, velocity = 0.7 } end
  end)

-- 13 to 16: notes.
track("bass", { { file = "bass_voxy_hit_c.flac", root = 36 }, gain = 0.8,
  sampler = { decay = 0.2, sustain = 0.5, release = 0.05 } }, "5-18 21-32", function(bar, row)
    local root, sign = chord(bar).root, at(bar % 2 == 1 and "..x..x..x.x..x.." or "..x..xx...x.ox.o", row)
    if sign == "x" then return { note = root + 12, length = 1.5, velocity = 0.8 } end
    if sign == "o" then return { note = root + 24, length = 1, velocity = 0.6 } end
  end)

track("keys", { { file = "elec_blip.flac", root = 74, tune = -13 }, gain = 1.8, pan = 0.3,
  sampler = { attack = 0.003, decay = 0.1, sustain = 0.2, release = 0.15 } }, "9-18 21-32", function(bar, row)
    if at(bar % 4 < 2 and "...x..x....x..x." or "...x..x..x....x.", row) == "x" then
      local voices = {}
      for i, note in ipairs(chord(bar)) do voices[i] = { note = note, length = 1, velocity = 0.5 } end
      return voices
    end
  end)

track("arp", { { file = "elec_ping.flac", root = 81, tune = -7 }, gain = 1.0, pan = -0.2, sampler = { release = 0.3 } },
  "13-20 25-32", function(bar, row)
    local notes = chord(bar)
    if euclid(bar % 2 == 0 and 11 or 9, row) then
      return { note = notes[(row * 3 + bar) % 4 + 1] + 12 * (1 + row % 2), length = 2, velocity = 0.35 + 0.3 * math.random() }
    end
  end)

track("frame", { { file = "guit_harmonics.flac", root = 76 }, { file = "ambi_choir.flac", root = 61, tune = 45, gain = 0.6 },
  gain = 0.95, pan = 0.1, sampler = { attack = 0.02, release = 1 } }, "1-4 9-32", function(bar, row)
    if row == 1 and bar % 2 == 1 then return { note = chord(bar).root + 36, length = 28, velocity = 0.9 } end
    if row == 1 and (bar == 17 or bar == 19) then return { slot = 2, note = 57, length = 30, velocity = 0.8 } end
  end)

output("master", { volume = "-5dB" })
connect(mix, "master")
