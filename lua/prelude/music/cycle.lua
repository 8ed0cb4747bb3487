-- Cycles: what sounds when, as a function of time that is asked about a span. Time is counted in cycles, in fractions.
--
-- A cycle within is {ask = function(from, to), period = fraction}; one that stacks others has them in `stacked`. `ask` lists the events that touch the span, each as
-- {from, to, part_from, part_to, value}: how long the event is, and the part of it within the span. It begins in the span
-- if both begin together. After `period` cycles it repeats, chance aside.
local raw, shared, native = ...
local kit = native.kit
local F = kit.F
local blame, ONE = kit.blame, kit.F.ONE
local less, equal, add, sub, mul, div = F.less, F.equal, F.add, F.sub, F.mul, F.div
local earlier, later, lcm = F.min, F.max, F.lcm

local C = {}
kit.C = C

-- What one question may look at, so that a slip ends with advice and not with the whole budget.
local MOST = 100000
local left = MOST

function C.look()
  left = left - 1
  if left < 0 then
    blame("the cycle has too many events; %d are possible: use fewer or smaller factors", MOST)
  end
end

-- The events of so many cycles that begin there, in order.
function C.events(cycle, count)
  left = MOST
  local out = {}
  for i, event in raw.ipairs(cycle.ask(F.ZERO, F.whole(count))) do
    if equal(event[1], event[3]) then
      out[#out + 1] = event
      event[6] = i
    end
  end
  raw.table.sort(out, function(a, b)
    if equal(a[1], b[1]) then return a[6] < b[6] end
    return less(a[1], b[1])
  end)
  return out
end

-- Cycles until all of them begin again together, as a whole number.
function C.cycles(cycle) return lcm(cycle.period, ONE)[1] end

-- Asks each cycle of a span by itself: f(number, from, to, out).
function C.each(from, to, f)
  local out = {}
  local at, last = F.floor(from), F.ceil(to)
  while at < last do
    C.look()
    f(at, later(from, { at, 1 }), earlier(to, { at + 1, 1 }), out)
    at = at + 1
  end
  return out
end

-- Moves events in time.
local function moved(events, f)
  for _, event in raw.ipairs(events) do
    for i = 1, 4 do event[i] = f(event[i]) end
  end
  return events
end

C.silence = { ask = function() return {} end, period = ONE }

-- A value once a cycle.
function C.pure(value)
  return {
    value = value, period = ONE,
    ask = function(from, to)
      return C.each(from, to, function(at, from, to, out)
        out[#out + 1] = { { at, 1 }, { at + 1, 1 }, from, to, value }
      end)
    end,
  }
end

function C.stack(cycles)
  local period = ONE
  for i, cycle in raw.ipairs(cycles) do period = i == 1 and cycle.period or lcm(period, cycle.period) end
  return {
    period = period, stacked = cycles,
    ask = function(from, to)
      local out = {}
      for _, cycle in raw.ipairs(cycles) do
        for _, event in raw.ipairs(cycle.ask(from, to)) do out[#out + 1] = event end
      end
      return out
    end,
  }
end

function C.fast(cycle, factor)
  if equal(factor, ONE) then return cycle end
  return {
    period = div(cycle.period, factor),
    ask = function(from, to)
      return moved(cycle.ask(mul(from, factor), mul(to, factor)), function(t) return div(t, factor) end)
    end,
  }
end

function C.late(cycle, by)
  return {
    period = cycle.period,
    ask = function(from, to)
      return moved(cycle.ask(sub(from, by), sub(to, by)), function(t) return add(t, by) end)
    end,
  }
end

-- Another cycle for each cycle; `period` is that of the choice.
function C.choose(period, choice)
  return {
    period = period,
    ask = function(from, to)
      return C.each(from, to, function(at, from, to, out)
        for _, event in raw.ipairs(choice(at).ask(from, to)) do out[#out + 1] = event end
      end)
    end,
  }
end

-- Whole cycles one after the other; each goes on where it was when its turn comes again.
function C.cat(cycles)
  local n, period = #cycles, ONE
  for _, cycle in raw.ipairs(cycles) do period = lcm(period, cycle.period) end
  return {
    period = mul(period, F.whole(n)),
    ask = function(from, to)
      return C.each(from, to, function(at, from, to, out)
        local by = F.whole(at - at // n)
        local events = cycles[at % n + 1].ask(sub(from, by), sub(to, by))
        for _, event in raw.ipairs(moved(events, function(t) return add(t, by) end)) do out[#out + 1] = event end
      end)
    end,
  }
end

-- The part of an event between two times, if there is one.
function C.part(out, begin, finish, from, to, value)
  local part_from, part_to = later(begin, from), earlier(finish, to)
  if less(part_from, part_to) then out[#out + 1] = { begin, finish, part_from, part_to, value } end
end

-- Steps {cycle, weight}, each within its share of every cycle: what would last longer ends with the step.
function C.sequence(steps)
  local total, period, begins = F.ZERO, ONE, {}
  for i, step in raw.ipairs(steps) do
    begins[i] = total
    total = add(total, step[2])
    period = lcm(period, step[1].period)
  end
  if #steps == 0 then return C.silence end
  if #steps == 1 then return steps[1][1] end
  local shares = {}
  for i, step in raw.ipairs(steps) do begins[i], shares[i] = div(begins[i], total), div(step[2], total) end
  begins[#steps + 1] = ONE

  local function one(at, i, from, to, out)
    local cycle, start, finish = steps[i][1], add({ at, 1 }, begins[i]), add({ at, 1 }, begins[i + 1])
    if not less(start, to) or not less(from, finish) then return end
    C.look()
    if cycle.value ~= nil then return C.part(out, start, finish, from, to, cycle.value) end
    local share, base = shares[i], { at, 1 }
    local function place(t) return add(start, mul(sub(t, base), share)) end
    for _, event in raw.ipairs(cycle.ask(base, { at + 1, 1 })) do
      if equal(event[1], event[3]) then
        C.part(out, place(event[1]), earlier(place(event[2]), finish), from, to, event[5])
      end
    end
  end

  return {
    period = period,
    ask = function(from, to)
      return C.each(from, to, function(at, from, to, out)
        for i = 1, #steps do one(at, i, from, to, out) end
      end)
    end,
  }
end
