-- Cycles made of cycles by changing what they answer.
local raw, shared, native = ...
local kit = native.kit
local F, C = kit.F, kit.C
local equal, add, sub, div, lcm, ONE = F.equal, F.add, F.sub, F.div, F.lcm, F.ONE

-- Each cycle backwards.
function C.rev(cycle)
  return {
    period = lcm(cycle.period, ONE),
    ask = function(from, to)
      return C.each(from, to, function(at, from, to, out)
        local mirror = { 2 * at + 1, 1 }
        for _, event in raw.ipairs(cycle.ask(sub(mirror, to), sub(mirror, from))) do
          out[#out + 1] = {
            sub(mirror, event[2]), sub(mirror, event[1]), sub(mirror, event[4]), sub(mirror, event[3]), event[5],
          }
        end
      end)
    end,
  }
end

-- Each value made another by a function.
function C.map(cycle, f)
  return {
    period = cycle.period, value = cycle.value ~= nil and f(cycle.value) or nil,
    ask = function(from, to)
      local events = cycle.ask(from, to)
      for _, event in raw.ipairs(events) do event[5] = f(event[5]) end
      return events
    end,
  }
end

-- Each event as so many shorter ones.
function C.ply(cycle, n)
  return {
    period = cycle.period,
    ask = function(from, to)
      local out = {}
      for _, event in raw.ipairs(cycle.ask(from, to)) do
        local length = div(sub(event[2], event[1]), F.whole(n))
        local begin = event[1]
        for _ = 1, n do
          C.look()
          local finish = add(begin, length)
          C.part(out, begin, finish, event[3], event[4], event[5])
          begin = finish
        end
      end
      return out
    end,
  }
end

-- The events of `shape` with the values that `cycle` has when they begin.
function C.struct(shape, cycle)
  return {
    period = lcm(shape.period, cycle.period),
    ask = function(from, to)
      local out = {}
      for _, event in raw.ipairs(shape.ask(from, to)) do
          C.look()
        for _, sound in raw.ipairs(cycle.ask(event[1], event[2])) do
          if equal(sound[3], event[1]) then
            out[#out + 1] = { event[1], event[2], event[3], event[4], sound[5] }
          end
        end
      end
      return out
    end,
  }
end

-- The events for which a function of their time and value says true.
function C.keep(cycle, wanted)
  return {
    period = cycle.period,
    ask = function(from, to)
      local out = {}
      for _, event in raw.ipairs(cycle.ask(from, to)) do
        if wanted(event[1], event[5]) then out[#out + 1] = event end
      end
      return out
    end,
  }
end

-- A number from 0 to 1 that belongs to a time and a seed: asking again gives the same. The mixing is that of splitmix64.
local function drawn(seed, time)
  local z = seed + time[1] * 0x9e3779b97f4a7c15 + time[2] * 0x2545f4914f6cdd1d
  z = (z ~ z >> 30) * 0xbf58476d1ce4e5b9
  z = (z ~ z >> 27) * 0x94d049bb133111eb
  return ((z ~ z >> 31) >> 11) / (1 << 53)
end

-- The events that chance keeps: those it draws a number for from `low` to below `high`.
function C.draw(cycle, seed, low, high)
  return C.keep(cycle, function(begin)
    local number = drawn(seed, begin)
    return number >= low and number < high
  end)
end
