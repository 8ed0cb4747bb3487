-- Cycles as text, and as the rows of a pattern.
local raw, shared, native, own = ...
local kit = native.kit
local F, C = kit.F, kit.C
local define, blame = kit.define, kit.blame
local type, rawget, format = raw.type, raw.rawget, raw.string.format

-- Most cycles of a pattern, its most rows, most of a beat, and most notes of a row.
local CYCLES, ROWS, PER_BEAT, COLUMNS = 64, 65536, 96, 64

-- `a`, with what was done to it: `a+12@0.5`.
local function written(value)
  local text = value.name
  if value.semitones then text = text .. (value.semitones < 0 and "" or "+") .. kit.say(value.semitones) end
  if value.velocity then text = text .. "@" .. kit.say(value.velocity) end
  return text
end

define {
  name = "show", of = "cycle",
  params = "cycles?: integer", returns = "string",
  doc = "The events that begin in the first so many cycles, 1 to 64, as text: where they begin and end, in cycles, and what \z
         they are. Unless you say how many, until the cycle repeats.",
  example = [[assert(mini("c4 [e4 g4]"):show() == "0-1/2 c4, 1/2-3/4 e4, 3/4-1 g4")]],
  function(object, cycles)
    local cycle, parts = kit.inside(object, "show"), {}
    cycles = cycles and kit.whole(cycles, "show", "the number of cycles", 1, CYCLES) or raw.math.min(C.cycles(cycle), CYCLES)
    for i, event in raw.ipairs(C.events(cycle, cycles)) do
      parts[i] = format("%s-%s %s", F.show(event[1]), F.show(event[2]), written(event[5]))
    end
    return raw.table.concat(parts, ", ")
  end,
}

-- Options of a pattern that is made of a cycle.
local OPTIONS = { "cycle", "cycles", "slots", "as", "steps_per_beat", "note", "velocity", "slot", "length" }
local known = {}
for _, name in raw.ipairs(OPTIONS) do known[name] = true end

local function read_options(options, who)
  if options == nil then return {} end
  if type(options) ~= "table" then blame("%s: options are a table, not %s", who, kit.a(options)) end
  for key in shared.pairs(options) do
    if not known[key] then
      blame("%s: with a cycle there is no option %s%s; options are %s", who, kit.a(key), kit.hint(key, OPTIONS),
        raw.table.concat(OPTIONS, ", "))
    end
  end
  if options.as ~= nil and options.as ~= "note" and options.as ~= "slot" then
    blame("%s: as is \"note\" or \"slot\", what numbers mean, not %s", who, kit.a(options.as))
  end
  if options.slots ~= nil and type(options.slots) ~= "table" then
    blame("%s: slots is a table such as {bd = 1, sn = 2}, not %s", who, kit.a(options.slots))
  end
  return options
end

-- What a word or number of the cycle plays: slot and note; neither for a plain hit, nor for a word that means nothing,
-- which comes third.
local function meaning(value, options)
  local slots, name = options.slots, value.name
  if slots and slots[name] ~= nil then return slots[name], nil end
  if value.number then
    if options.as == "slot" then return value.number, nil end
    return nil, value.number
  end
  local note = native.note(name)
  if note then return nil, note end
  if name == "x" or name == "X" then return nil, nil end
  return nil, nil, name
end

-- Refuses words that mean nothing, all of them at once.
local function check(events, options, who)
  local unknown, seen = {}, {}
  for _, event in raw.ipairs(events) do
    local _, _, name = meaning(event[5], options)
    if name and not seen[name] then
      seen[name] = true
      unknown[#unknown + 1] = name
    end
  end
  if #unknown == 0 then return end
  local words, quoted, named = {}, {}, {}
  if options.slots then
    for word in shared.pairs(options.slots) do
      if type(word) == "string" then words[#words + 1] = word end
    end
  end
  for i, name in raw.ipairs(unknown) do
    quoted[i] = format("\"%s\"", name)
    named[i] = format("%s = %d", raw.string.match(name, "^%a[%w_]*$") and name or format("[%q]", name), i)
  end
  quoted, named = raw.table.concat(quoted, ", "), raw.table.concat(named, ", ")
  if #unknown == 1 then
    blame("%s: %s is neither a note nor the name of a slot%s; name its slot: slots = {%s}", who, quoted,
      kit.hint(unknown[1], words), named)
  end
  blame("%s: %s are neither notes nor names of slots; name their slots: slots = {%s}", who, quoted, named)
end

local function step(event, rows_per_cycle, options, who)
  local value = event[5]
  local slot, note = meaning(value, options)
  if value.semitones then note = (note or kit.note(options.note or 60, who)) + value.semitones end
  local velocity = value.velocity
  if value.name == "X" and not velocity then velocity = 1 end
  local length
  if options.length == nil then
    local part = F.sub(event[2], event[1])
    length = part[1] * rows_per_cycle / part[2]
  end
  return { note = note, slot = slot, velocity = velocity, length = length }
end

-- Rows of a cycle so that every onset has its row. Within limits they are a multiple of that by which the steps of a beat
-- are a number without a rounding error; `beats` is what a cycle lasts.
local function resolution(events, cycles, beats, asked, who)
  local rows = 1
  for _, event in raw.ipairs(events) do
    rows = F.lcm({ rows, 1 }, { event[1][2], 1 })[1]
    if rows * cycles > ROWS then
      blame("%s: its onsets need more than %d rows over %d cycles; use factors that have more in common", who, ROWS, cycles)
    end
  end
  if asked then
    local given = F.mul(F.positive(asked, who, "steps_per_beat"), beats)
    if given[2] ~= 1 or given[1] % rows ~= 0 then
      blame("%s: with steps_per_beat = %s a cycle has %s rows, but its onsets need a multiple of %d", who,
        kit.a(asked), F.show(given), rows)
    end
    return given[1]
  end
  local odd = beats[1]
  while odd % 2 == 0 do odd = odd // 2 end
  local exact = F.lcm({ rows, 1 }, { odd, 1 })[1]
  if exact * cycles <= ROWS and exact * beats[2] <= PER_BEAT * beats[1] then rows = exact end
  if rows * beats[2] > PER_BEAT * beats[1] then
    blame("%s: its onsets need %d rows in a cycle of %s beats, more than %d a beat; make it longer: cycle = %s", who, rows,
      F.show(beats), PER_BEAT, kit.say(-(-rows // PER_BEAT)))
  end
  -- Slower than one row in 1024 beats is not possible.
  while rows * beats[2] * 1024 < beats[1] do rows = rows * 2 end
  return rows
end

-- Cycles that the pattern lasts.
local function length_of(cycle, asked, who)
  if asked ~= nil then return kit.whole(asked, who, "cycles", 1, 1024) end
  local cycles = C.cycles(cycle)
  if cycles > CYCLES then
    blame("%s: it repeats only after %d cycles, more than %d; say how many to play: cycles = 16", who, cycles, CYCLES)
  end
  return cycles
end

-- The table that `pattern` takes.
local function compiled(cycle, options, who)
  local cycles = length_of(cycle, options.cycles, who)
  local beats
  if options.cycle ~= nil then
    beats = F.positive(kit.beats(options.cycle, who, "cycle"), who, "cycle")
  else
    beats = F.make(kit.bar())
  end
  local events = C.events(cycle, cycles)
  check(events, options, who)
  local per_cycle = resolution(events, cycles, beats, options.steps_per_beat, who)
  local rows = {
    rows = per_cycle * cycles, steps_per_beat = per_cycle * beats[2] / beats[1],
    note = options.note, velocity = options.velocity, slot = options.slot, length = options.length,
  }
  if rows.rows > ROWS then
    blame("%s: it would have %d rows, more than %d; use fewer cycles or factors", who, rows.rows, ROWS)
  end
  for _, event in raw.ipairs(events) do
    local at = event[1][1] * per_cycle // event[1][2] + 1
    local there = rows[at] or {}
    if #there == COLUMNS then blame("%s: more than %d notes begin at once", who, COLUMNS) end
    there[#there + 1] = step(event, per_cycle, options, who)
    rows[at] = there
  end
  return rows
end

local pattern = own.pattern

-- `pattern` as scripts have it: it takes cycles too.
function shared.pattern(name, rows, options)
  local cycle = type(rows) == "table" and rawget(rows, kit.CYCLE)
  if cycle then
    local who = format("pattern %s", type(name) == "string" and '"' .. name .. '"' or kit.a(name))
    rows, options = compiled(cycle, read_options(options, who), who), nil
  end
  return pattern(name, rows, options)
end
