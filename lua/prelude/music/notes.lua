-- Notes and frequencies.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, rawget, log = raw.type, raw.rawget, raw.math.log

define {
  name = "note",
  params = "note: string|number", returns = "number",
  doc = "The number of a note, given by its name (\"C4\" is 60, \"F#3\", \"Bb2\", \"c-4\") or already as a number.",
  example = [[assert(note("C4") == 60 and note("F#3") == 54 and note(61.5) == 61.5)]],
  function(value) return kit.note(value, "note") end,
}

local names = { [0] = "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B" }

define {
  name = "note_name",
  params = "note: number|string", returns = "string",
  doc = "The name of a note from 12 (C0) to 127 (G9), with sharps.",
  example = [[assert(note_name(60) == "C4" and note_name("Bb2") == "A#2")]],
  function(value)
    local n = kit.whole(kit.note(value, "note_name"), "note_name", "a note with a name", 12, 127)
    return names[n % 12] .. n // 12 - 1
  end,
}

define {
  name = "midi_to_hz",
  params = "note: number|string", returns = "number",
  doc = "The frequency of a note in hertz, in equal temperament with A4 (69) at 440 Hz.",
  example = [[assert(midi_to_hz(69) == 440 and midi_to_hz("A3") == 220)]],
  function(value) return 440 * 2 ^ ((kit.note(value, "midi_to_hz") - 69) / 12) end,
}

define {
  name = "hz_to_midi",
  params = "hertz: number", returns = "number",
  doc = "The note of a frequency above 0 in hertz, with a fraction where it lies between two; 440 Hz is 69.",
  example = [[assert(hz_to_midi(440) == 69 and hz_to_midi(880) == 81)]],
  function(hertz)
    if kit.number(hertz, "hz_to_midi", "the frequency") <= 0 then
      blame("hz_to_midi: a frequency is above 0 Hz, not %s", kit.a(hertz))
    end
    return 69 + 12 * log(hertz / 440, 2)
  end,
}

local function shifted(value, semitones)
  if type(value) ~= "table" then return kit.note(value, "transpose") + semitones end
  if rawget(value, kit.CYCLE) then return kit.transposed(value, semitones) end
  local list, n = kit.list(value, "transpose")
  local out = {}
  for i = 1, n do out[i] = shifted(list[i], semitones) end
  return out
end

define {
  name = "transpose", also = "cycle",
  params = "notes: any, semitones: number", returns = "any",
  doc = "Moves a note, a list of notes (and of chords) or a cycle by so many semitones. Of a cycle, sounds of slots are \z
         moved too, from note 60.",
  example = [[assert(transpose("C4", 7) == 67 and transpose({60, "E4"}, 12)[2] == 76)
    pattern("low", mini("c4 e4"):transpose(-12))]],
  function(notes, semitones)
    return shifted(notes, kit.number(semitones, "transpose", "the number of semitones"))
  end,
}
