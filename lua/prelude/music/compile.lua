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

-- Options of a pattern that is made of a cycle, besides what a step may have.
local OPTIONS = { "cycle", "cycles", "slots", "as", "steps_per_beat", "rows", "lanes" }

local function read_options(options, who)
  if options == nil then return {} end
  if type(options) ~= "table" then blame("%s: options are a table, not %s", who, kit.a(options)) end
  local known, names = {}, {}
  for _, list in raw.ipairs { OPTIONS, native.step_keys } do
    for _, name in raw.ipairs(list) do
      known[name] = true
      names[#names + 1] = name
    end
  end
  for key in shared.pairs(options) do
    if not known[key] then
      blame("%s: with a cycle there is no option %s%s; options are %s", who, kit.a(key), kit.hint(key, names),
        raw.table.concat(names, ", "))
    end
  end
  if options.cycle ~= nil and options.rows ~= nil and options.steps_per_beat ~= nil then
    blame("%s: cycle, rows and steps_per_beat are one too many; leave one of them away", who)
  end
  if options.lanes ~= nil and type(options.lanes) ~= "boolean" then
    blame("%s: lanes is true or false, whether what is stacked has columns of its own, not %s", who, kit.a(options.lanes))
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
  if value.step then return value.step.slot, value.step.note end
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

-- The step of an event; what a cycle gives one row has no length, which is one row as well.
local function step(event, rows_per_cycle, options, who)
  local value, made = event[5], {}
  for key, field in raw.pairs(value.step or {}) do made[key] = field end
  made.slot, made.note = meaning(value, options)
  if value.semitones and made.note ~= "OFF" and made.note ~= "CUT" then
    made.note = kit.note(made.note or options.note or 60, who) + value.semitones
  end
  made.velocity = value.velocity or made.velocity
  if value.name == "X" and not made.velocity then made.velocity = 1 end
  if options.length == nil and made.length == nil then
    local part = F.sub(event[2], event[1])
    local rows = part[1] * rows_per_cycle / part[2]
    if rows ~= 1 then made.length = rows end
  end
  return made
end

-- Rows of a cycle so that every onset has its row. Within limits they are a multiple of that by which the steps of a beat
-- are a number without a rounding error; `beats` is what a cycle lasts.
local function resolution(events, cycles, beats, options, who)
  local asked = options.steps_per_beat
  local rows = 1
  for _, event in raw.ipairs(events) do
    rows = F.lcm({ rows, 1 }, { event[1][2], 1 })[1]
    if rows * cycles > ROWS then
      blame("%s: its onsets need more than %d rows over %d cycles; use factors that have more in common", who, ROWS, cycles)
    end
  end
  if options.rows ~= nil then
    local given = kit.whole(options.rows, who, "rows", 1, ROWS)
    if given % (rows * cycles) ~= 0 then
      blame("%s: with rows = %d its onsets have no rows of their own; they need a multiple of %d", who, given, rows * cycles)
    end
    return given // cycles
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

-- Puts the events of a lane into rows, from a column on; answers how many columns they have.
local function lay(events, rows, column, per_cycle, options, who)
  local columns, counts = 1, {}
  for _, event in raw.ipairs(events) do
    local at = event[1][1] * per_cycle // event[1][2] + 1
    local count = (counts[at] or 0) + 1
    counts[at] = count
    columns = raw.math.max(columns, count)
    if column + count > COLUMNS then blame("%s: more than %d notes begin at once", who, COLUMNS) end
    local there = rows[at] or {}
    -- What has no step in this row keeps its column.
    for i = #there + 1, column + count - 1 do there[i] = false end
    there[column + count] = step(event, per_cycle, options, who)
    rows[at] = there
  end
  return columns
end

-- Beats that a cycle lasts, and the steps of a beat if they are said.
local function timing(options, who)
  -- The two say it all, to the last bit.
  if options.rows ~= nil and options.steps_per_beat ~= nil then return F.ONE, options.steps_per_beat end
  if options.cycle ~= nil then return F.positive(kit.beats(options.cycle, who, "cycle"), who, "cycle") end
  return F.make(kit.bar())
end

-- The table that `pattern` takes.
local function compiled(cycle, options, who)
  local cycles = length_of(cycle, options.cycles, who)
  local beats, said = timing(options, who)
  local events = C.events(cycle, cycles)
  check(events, options, who)
  local per_cycle = resolution(events, cycles, beats, options, who)
  local rows = { rows = per_cycle * cycles, steps_per_beat = said or per_cycle * beats[2] / beats[1] }
  for _, key in raw.ipairs(native.step_keys) do rows[key] = options[key] end
  if rows.rows > ROWS then
    blame("%s: it would have %d rows, more than %d; use fewer cycles or factors", who, rows.rows, ROWS)
  end
  if not options.lanes or not cycle.stacked then
    lay(events, rows, 0, per_cycle, options, who)
    return rows
  end
  local column = 0
  for _, lane in raw.ipairs(cycle.stacked) do
    column = column + lay(C.events(lane, cycles), rows, column, per_cycle, options, who)
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
