-- Bass and chords: A minor, four chords, sixteen bars. The bells play what the chords leave open.

engine:getClock():setBPM(84)

local mix = mixer("mix")
local strip = 0
local function place(instrument, gain, pan)
  strip = strip + 1
  connect(instrument, mix, { to = "in_" .. strip })
  mix.slots[strip].gain = gain
  mix.slots[strip].pan = pan or 0
  return instrument
end

-- A sequencer of that pattern, playing that instrument.
local function play(instrument, rows, options)
  local name = instrument.name
  local steps = sequencer(name .. "_steps", { pattern = pattern(name, rows, options) })
  connect(steps, instrument)
end

-- Root of the bass, and the notes of the chord, a bar each.
local Am = { 33, { 57, 64, 69, 72 } }
local F = { 29, { 57, 65, 69, 72 } }
local C = { 36, { 55, 64, 67, 72 } }
local G = { 31, { 55, 62, 67, 71 } }
local Em = { 28, { 55, 64, 67, 71 } }
local song = {
  Am, F, C, G,
  Am, F, C, Em,
  F, G, Am, C,
  F, G, Em, Em,
}

-- Bass: the root on one, an octave to push the bar along, a walk into the next chord.
local bass = place(sampler("bass", { decay = 0.3, sustain = 0.6, release = 0.08,
  slots = { { file = "bass_voxy_hit_c.flac", root = 36 } } }), 0.52)
local line = { rows = 16 * 16 }
for bar, chord in ipairs(song) do
  local root, first = chord[1], (bar - 1) * 16
  line[first + 1] = { note = root + 12, length = 5 }
  line[first + 7] = { note = root + 12, length = 2, velocity = 0.7 }
  line[first + 11] = { note = root + 24, length = 2, velocity = 0.5 }
  if bar % 2 == 0 then
    local next_root = song[bar % #song + 1][1]
    line[first + 13] = { note = root + 19, length = 2, velocity = 0.6 }
    line[first + 15] = { note = next_root + 12 + (next_root > root and -2 or 2), length = 2, velocity = 0.7 }
  end
end
play(bass, line)

-- A sub below it, felt rather than heard.
local sub = place(sampler("sub", { attack = 0.02, release = 0.3, slots = { { file = "bd_808.flac", root = 26 } } }), 0.5)
local low = { rows = 16 * 16 }
for bar, chord in ipairs(song) do low[(bar - 1) * 16 + 1] = { note = chord[1], length = 10 } end
play(sub, low)

-- Guitar harmonics sound a root and its fifth: one note is enough for a chord's frame.
local guitar = place(sampler("guitar", { attack = 0.01, release = 1.2,
  slots = { { file = "guit_harmonics.flac", root = 76 } } }), 0.5, -0.3)
local frame = { rows = 16 * 16 }
for bar, chord in ipairs(song) do
  local first = (bar - 1) * 16
  frame[first + 1] = { note = chord[1] + 36, length = 14 }
  if bar % 4 == 3 then frame[first + 9] = { note = chord[1] + 43, length = 7, velocity = 0.5 } end
end
play(guitar, frame)

-- Chords on a soft square wave, in the gaps between the bass notes.
local keys = place(sampler("keys", { attack = 0.004, decay = 0.12, sustain = 0.25, release = 0.2,
  slots = { { file = "elec_blip.flac", root = 74, tune = -13 } } }), 1.5, 0.3)
local stabs = { rows = 16 * 16 }
for bar, chord in ipairs(song) do
  local first = (bar - 1) * 16
  for _, row in ipairs(bar % 4 == 0 and { 3, 6, 9, 12, 14 } or { 3, 6, 11 }) do
    local voices = {}
    for i, note in ipairs(chord[2]) do voices[i] = { note = note, length = 1, velocity = 0.35 + 0.1 * (row % 3) } end
    stabs[first + row] = voices
  end
end
play(keys, stabs)

-- Bells: broken chords in the first half, a tune in the second.
local bells = place(sampler("bells", { release = 0.6, slots = { { file = "elec_ping.flac", root = 81, tune = -7 } } }), 0.8, -0.15)
local tune = { rows = 16 * 16 }
for bar, chord in ipairs(song) do
  local first, notes = (bar - 1) * 16, chord[2]
  if bar <= 8 then
    if bar > 2 then
      for i = 0, 7 do
        local up = notes[({ 1, 2, 3, 4, 3, 2, 4, 3 })[i + 1]]
        if math.random() < 0.8 then
          tune[first + 1 + i * 2] = { note = up + 12, velocity = 0.35 + 0.25 * math.random(), length = 4 }
        end
      end
    end
  else
    tune[first + 1] = { note = notes[4] + 12, length = 6, velocity = 0.7 }
    tune[first + 7] = { note = notes[3] + 12, length = 3, velocity = 0.5 }
    tune[first + 11] = { note = notes[2] + 24, length = 5, velocity = 0.6 }
    if bar % 2 == 0 then tune[first + 14] = { note = notes[4] + 14, length = 3, velocity = 0.45 } end
  end
end
play(bells, tune)

-- A choir that opens the second half; it is a chord of C sharp minor by itself, so it follows the roots.
local choir = place(sampler("choir", { attack = 0.4, release = 1.5,
  slots = { { file = "ambi_choir.flac", root = 61, tune = 45 } } }), 0.6, 0.15)
play(choir, { rows = 16 * 16, [129] = { note = 57, length = 15 }, [161] = { note = 57, length = 15 },
  [193] = { note = 57, length = 15 }, [225] = { note = 52, length = 28 } })

-- Just enough drums to sit on.
local kit = place(sampler("kit", { slots = {
  { file = "bd_fat.flac" }, { file = "drum_snare_soft.flac" }, { file = "drum_cymbal_closed.flac" } } }), 0.35)
play(kit, { lanes = {
  { ("x...|....|..x.|....|"):rep(7) .. "x...|....|..x.|..x.|" .. ("x...|....|x.x.|....|"):rep(7) .. "x...|..x.|x.x.|x...",
    slot = 1, velocity = 0.9 },
  { ("....|x...|....|x...|"):rep(15) .. "....|x...|....|x.xx", slot = 2, velocity = 0.7 },
  { ("x.x.|x.x.|x.x.|x.xx|"):rep(16), slot = 3, velocity = 0.28 },
} })

output("master")
connect(mix, "master")
