-- Mini-notation, from the tree to a cycle; and cycles as scripts hold them.
local raw, shared, native = ...
local kit = native.kit
local F, C = kit.F, kit.C
local define, blame = kit.define, kit.blame
local type, rawget, setmetatable = raw.type, raw.rawget, raw.setmetatable
local CYCLE = kit.CYCLE

-- Most steps of a text once those that are played several times are counted so.
local MOST = 20000

-- One cycle of several that take turns, cycle by cycle.
local function in_turn(count, make)
  local cycles, period = {}, F.whole(count)
  for i = 1, count do
    cycles[i] = make(i - 1)
    period = F.lcm(period, cycles[i].period)
  end
  if count == 1 then return cycles[1] end
  return C.choose(period, function(at) return cycles[at % count + 1] end)
end

local make = {}

local function build(node, state) return make[node.kind](node, state) end

local function sequence(steps, state)
  local list, weight = {}, F.ZERO
  for _, step in raw.ipairs(steps) do
    for _ = 1, step.times do
      state.steps = state.steps + 1
      if state.steps > MOST then state.fail(step.at, "these are more than %d steps; play fewer of them again", MOST) end
      -- Made anew each time, so that chance decides for each of them.
      list[#list + 1] = { build(step.node, state), step.weight }
      weight = F.add(weight, step.weight)
    end
  end
  return C.sequence(list), weight
end

local function stacked(sequences, change, state)
  local cycles = {}
  for i, steps in raw.ipairs(sequences) do cycles[i] = change(sequence(steps, state)) end
  return #cycles == 1 and cycles[1] or C.stack(cycles)
end

function make.value(node) return C.pure(node.value) end

function make.rest() return C.silence end

function make.group(node, state) return stacked(node.sequences, function(cycle) return cycle end, state) end

-- <a b c> is one step a cycle, {a b c}%4 four, {a b c, d e} as many as its first sequence has.
function make.turns(node, state)
  local steps = node.steps
  return stacked(node.sequences, function(cycle, weight)
    if weight[1] == 0 then return C.silence end
    steps = steps or weight
    return C.fast(cycle, F.div(steps, weight))
  end, state)
end

function make.fast(node, state)
  local cycle = build(node.node, state)
  return in_turn(#node.by, function(i) return C.fast(cycle, node.by[i + 1]) end)
end

function make.slow(node, state)
  local cycle = build(node.node, state)
  return in_turn(#node.by, function(i) return C.fast(cycle, F.div(F.ONE, node.by[i + 1])) end)
end

function make.maybe(node, state)
  return C.draw(build(node.node, state), raw.math.random(0), node.left_out, 1)
end

-- The cycle on the hits of a rhythm; `shape` is a list of true and false.
local function on_hits(shape, cycle)
  local steps = {}
  for i, hit in raw.ipairs(shape) do steps[i] = { hit and hit ~= 0 and cycle or C.silence, F.ONE } end
  return C.sequence(steps)
end
kit.on_hits = on_hits

function make.euclid(node, state)
  local cycle, count = build(node.node, state), F.ONE
  for _, list in raw.ipairs { node.hits, node.steps, node.rotation } do count = F.lcm(count, F.whole(#list)) end
  local function turn(list, i) return list[i % #list + 1][1] end
  return in_turn(count[1], function(i)
    return on_hits(kit.euclid(turn(node.hits, i), turn(node.steps, i), turn(node.rotation, i), "mini"), cycle)
  end)
end

local cycle_meta = {
  __metatable = native.closed("a cycle"),
  __index = function(_, key) return kit.methods.cycle[key] or kit.unknown("cycle", key) end,
  __newindex = function() blame("a cycle cannot be changed; its methods make another") end,
  __pairs = function(object) return function() end, object, nil end,
  __tostring = function(object) return "cycle{" .. kit.methods.cycle.show(object) .. "}" end,
}

-- A cycle as scripts hold it.
function kit.cycle(inside) return setmetatable({ [CYCLE] = inside }, cycle_meta) end

-- The inside of a cycle, or of text in mini-notation.
function kit.inside(value, who, what)
  if type(value) == "string" then
    local tree, fail = kit.read_mini(value)
    return build(tree, { steps = 0, fail = fail })
  end
  local inside = type(value) == "table" and rawget(value, CYCLE)
  if not inside then
    blame("%s: %s must be a cycle, as mini(\"bd sn\") makes it, or such text, not %s", who, what or "it", kit.a(value))
  end
  return inside
end

define {
  name = "mini",
  params = "text: string", returns = "cycle",
  doc = "A cycle from mini-notation. Steps share the cycle: \"c4 ~ e4 60\" (~ or - rests, _ holds). [a b] is a group in one \z
         step, a . b c groups too, [a, b] at once, <a b> in turn, one a cycle, {a b c}%4 four of them a cycle. a*2 twice as \z
         fast, a/2 slower, a!3 three steps of it, a@3 three steps long, a(3,8) and a(3,8,2) a Euclidean rhythm, a? left \z
         out half the time, a?0.2 less often. `C4 v0.5 ?0.25` in backquotes is a step in the words of tracker text; without a \z
         length it lasts as long as the cycle gives it. Numbers behind * / and in () may take turns: a*<2 3>. Chance is decided by \z
         the script's own stream. pattern(name, cycle) makes a pattern of it.",
  example = [[pattern("melody", mini("c4 [e4 g4]*2 <a4 b4> ~"))
    pattern("drums", mini("bd ~ sn ~, hh*8?0.2"), {slots = {bd = 1, sn = 2, hh = 3}})]],
  function(text) return kit.cycle(kit.inside(kit.text(text, "mini", "mini-notation"), "mini")) end,
}
