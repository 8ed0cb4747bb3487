-- What cycles are made into: functions, and methods of the same names.
local raw, shared, native = ...
local kit = native.kit
local F, C = kit.F, kit.C
local define, blame, inside, cycle = kit.define, kit.blame, kit.inside, kit.cycle
local type, select, rawget = raw.type, raw.select, raw.rawget

-- Both `fast(cycle, 2)` and `cycle:fast(2)`.
local function change(name, params, doc, example, f)
  define {
    name = name, also = "cycle", params = "cycle: cycle|string" .. params, returns = "cycle", doc = doc, example = example,
    function(object, ...) return cycle(f(inside(object, name), ...)) end,
  }
end

-- A cycle that a function of the script's makes of a cycle.
local function applied(f, made_of, who)
  kit.call(f, who, "what changes the cycle")
  return inside(f(cycle(made_of)), who, "what the function answers")
end

change("fast", ", factor: number|string",
  "A cycle so many times as fast: with 2 it is played twice a cycle.",
  [[assert(fast("bd sn", 2):show() == mini("bd sn bd sn"):show(1))]],
  function(c, factor) return C.fast(c, F.positive(factor, "fast", "the factor")) end)

change("slow", ", factor: number|string",
  "A cycle so many times as slow: with 2 it takes two cycles.",
  [[pattern("calm", mini("c4 e4 g4 b4"):slow(2))]],
  function(c, factor) return C.fast(c, F.div(F.ONE, F.positive(factor, "slow", "the factor"))) end)

change("rev", "",
  "A cycle backwards within each cycle.",
  [[assert(rev("a b c"):show() == mini("c b a"):show())]],
  function(c) return C.rev(c) end)

-- For rotate, early and late.
local function shifted(c, by, sign, who)
  by = F.read(by, who, "the number of cycles")
  return C.late(c, sign < 0 and F.sub(F.ZERO, by) or by)
end

function kit.moved(object, by, sign, who) return cycle(shifted(inside(object, who), by, sign, who)) end

change("early", ", cycles: number|string",
  "A cycle that begins earlier by so many cycles, such as 0.25 or \"1/3\".",
  [[pattern("pushed", mini("bd sn"):early("1/16"), {slots = {bd = 1, sn = 2}})]],
  function(c, by) return shifted(c, by, -1, "early") end)

change("late", ", cycles: number|string",
  "A cycle that begins later by so many cycles, such as 0.25 or \"1/3\".",
  [[pattern("laid_back", mini("bd sn"):late(1/32), {slots = {bd = 1, sn = 2}})]],
  function(c, by) return shifted(c, by, 1, "late") end)

-- All the cycles of a call.
local function all(who, ...)
  local list = {}
  for i = 1, select("#", ...) do list[i] = inside((select(i, ...)), who, "each of them") end
  if #list == 0 then blame("%s: it takes at least one cycle", who) end
  return list
end

define {
  name = "stack", also = "cycle",
  params = "...: cycle|string", returns = "cycle",
  doc = "Several cycles at once.",
  example = [[pattern("groove", stack("bd*4", mini("hh*8"):degrade(0.2)), {slots = {bd = 1, hh = 3}})]],
  function(...) return cycle(C.stack(all("stack", ...))) end,
}

define {
  name = "cat", also = "cycle",
  params = "...: cycle|string", returns = "cycle",
  doc = "Several cycles in turn, one a cycle.",
  example = [[assert(cat("a b", "c"):show() == "0-1/2 a, 1/2-1 b, 1-2 c")]],
  function(...) return cycle(C.cat(all("cat", ...))) end,
}

change("ply", ", times: integer",
  "Each event as so many shorter ones, 1 to 64.",
  [[assert(ply("a b", 2):show() == mini("a*2 b*2"):show())]],
  function(c, times) return C.ply(c, kit.whole(times, "ply", "how often each event is played", 1, 64)) end)

change("degrade", ", probability?: number",
  "Leaves events out by chance, with a probability from 0 to 1 (0.5).",
  [[pattern("sparse", mini("c4*16"):degrade(0.3))]],
  function(c, p)
    return C.draw(c, raw.math.random(0), kit.within(p or 0.5, "degrade", "the probability", 0, 1), 1)
  end)

change("sometimes", ", probability: number, f: fun(cycle: cycle): cycle",
  "Changes some events, drawn with a probability from 0 to 1, by a function that is given a cycle of them.",
  [[pattern("jumpy", mini("c4*8"):sometimes(0.3, function(c) return c:transpose(12) end))]],
  function(c, p, f)
    kit.within(p, "sometimes", "the probability", 0, 1)
    local seed = raw.math.random(0)
    return C.stack { C.draw(c, seed, p, 1), applied(f, C.draw(c, seed, 0, p), "sometimes") }
  end)

change("off", ", cycles: number|string, f: fun(cycle: cycle): cycle",
  "A cycle, and over it itself, later by so many cycles and changed by a function.",
  [[pattern("canon", mini("c4 e4 g4"):off(1/8, function(c) return c:transpose(7):velocity(0.5) end))]],
  function(c, by, f) return C.stack { c, applied(f, shifted(c, by, 1, "off"), "off") } end)

change("palindrome", "",
  "A cycle forwards, then backwards, in turn.",
  [[assert(palindrome("a b"):show() == "0-1/2 a, 1/2-1 b, 1-3/2 b, 3/2-2 a")]],
  function(c) return C.cat { c, C.rev(c) } end)

-- Not a function of its own: `every` of the clock has that name.
define {
  name = "every", of = "cycle",
  params = "n: integer, f: fun(cycle: cycle): cycle", returns = "cycle",
  doc = "Changes each so many-th cycle by a function, beginning with the first.",
  example = [[pattern("turning", mini("c4 d4 e4 g4"):every(4, function(c) return c:rev() end))]],
  function(object, n, f)
    local c = inside(object, "every")
    n = kit.whole(n, "every", "how often", 1, 1000)
    local other = applied(f, c, "every")
    return cycle(C.choose(F.lcm(F.whole(n), F.lcm(c.period, other.period)), function(at)
      return at % n == 0 and other or c
    end))
  end,
}

-- Words that stand for no hit in a shape.
local quiet = { f = true, ["0"] = true }

change("struct", ", shape: boolean[]|cycle|string",
  "The rhythm of a shape, with the values that the cycle has at those times. The shape is a list of true and false, as from \z
   euclid, or a cycle, in which f and 0 are rests.",
  [[assert(struct("a b", euclid(3, 8)):show() == "0-1/8 a, 3/8-1/2 a, 3/4-7/8 b")
    pattern("shaped", mini("<c4 e4>"):struct("x ~ x x"))]],
  function(c, shape)
    if type(shape) == "table" and not rawget(shape, kit.CYCLE) then
      return C.struct(kit.on_hits(kit.some(shape, "struct", "the shape"), C.pure(true)), c)
    end
    local hits = inside(shape, "struct", "the shape")
    return C.struct(C.keep(hits, function(_, value) return not quiet[value.name] end), c)
  end)

change("segment", ", count: integer",
  "A cycle looked at so many times a cycle, 1 to 1024: what sounds then becomes a step.",
  [[assert(segment("a b", 4):show() == mini("a a b b"):show())]],
  function(c, count)
    local pulse = C.fast(C.pure(true), F.whole(kit.whole(count, "segment", "how often", 1, 1024)))
    return C.struct(pulse, c)
  end)

change("velocity", ", velocity: number",
  "All events with a velocity from 0 to 1.",
  [[pattern("soft", mini("c4 e4"):velocity(0.4))]],
  function(c, v)
    kit.within(v, "velocity", "the velocity", 0, 1)
    return C.map(c, function(value)
      return { name = value.name, number = value.number, step = value.step, semitones = value.semitones, velocity = v }
    end)
  end)

-- For transpose, which takes notes and lists too.
function kit.transposed(object, semitones)
  return cycle(C.map(inside(object, "transpose"), function(value)
    return {
      name = value.name, number = value.number, step = value.step, velocity = value.velocity,
      semitones = (value.semitones or 0) + semitones,
    }
  end))
end
