-- Time in cycles is counted in fractions of whole numbers, so that thirds and sevenths meet exactly.
local raw, shared, native = ...
local kit = native.kit
local blame = kit.blame
local type, match, floor, tonumber = raw.type, raw.string.match, raw.math.floor, raw.tonumber

-- Numerators and denominators stay below this: then no product or sum of theirs leaves 64 bits.
local MOST = (1 << 31) - 1

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

-- A fraction {numerator, denominator} in lowest terms, the denominator above 0.
local function fraction(n, d)
  if d ~= 1 then
    local common = gcd(n < 0 and -n or n, d)
    if common ~= 1 then n, d = n // common, d // common end
  end
  if n > MOST or n < -MOST or d > MOST then
    blame("the times of this cycle need fractions of more than nine digits; use fewer or rounder factors")
  end
  return { n, d }
end

local F = { make = fraction, ZERO = { 0, 1 }, ONE = { 1, 1 } }
kit.F = F

function F.whole(n) return fraction(n, 1) end
function F.add(a, b) return fraction(a[1] * b[2] + b[1] * a[2], a[2] * b[2]) end
function F.sub(a, b) return fraction(a[1] * b[2] - b[1] * a[2], a[2] * b[2]) end
function F.mul(a, b) return fraction(a[1] * b[1], a[2] * b[2]) end
-- `b` is above 0.
function F.div(a, b) return fraction(a[1] * b[2], a[2] * b[1]) end
function F.less(a, b) return a[1] * b[2] < b[1] * a[2] end
function F.equal(a, b) return a[1] == b[1] and a[2] == b[2] end
function F.min(a, b) return F.less(b, a) and b or a end
function F.max(a, b) return F.less(a, b) and b or a end
function F.floor(a) return a[1] // a[2] end
function F.ceil(a) return -(-a[1] // a[2]) end
function F.show(a) return a[2] == 1 and raw.tostring(a[1]) or a[1] .. "/" .. a[2] end

-- The smallest that both go into a whole number of times; both are above 0.
function F.lcm(a, b)
  if F.equal(a, b) then return a end
  return fraction(a[1] // gcd(a[1], b[1]) * b[1], gcd(a[2], b[2]))
end

-- The fraction with the smallest denominator that is as good as equal to a number, by continued fractions.
local function nearest(x)
  local whole = floor(x)
  local n0, d0, n, d, rest = 1, 0, whole, 1, x - whole
  while rest > 1e-9 and raw.math.abs(x - n / d) > 1e-10 * raw.math.max(1, raw.math.abs(x)) do
    local inverse = 1 / rest
    whole = floor(inverse)
    n0, d0, n, d, rest = n, d, whole * n + n0, whole * d + d0, inverse - whole
    if d > 100000 then return nil end
  end
  return n, d
end

-- The fraction of a number, or of text such as "1/3" or "0.75".
function F.read(value, who, what)
  local n, d
  if type(value) == "string" then
    n, d = match(value, "^%s*(%-?%d+)/(%d+)%s*$")
    n, d = tonumber(n or value), tonumber(d or 1)
    if n and d and n ~= floor(n) then n, d = nearest(n) end
  elseif type(value) == "number" and raw.math.abs(value) < MOST then
    n, d = nearest(value)
  end
  if not n or not d or d == 0 or raw.math.abs(n) > MOST or d > MOST then
    blame("%s: %s must be a number or a fraction such as \"1/3\", not %s", who, what, kit.a(value))
  end
  return fraction(n // 1 | 0, d // 1 | 0)
end

-- The same, above 0.
function F.positive(value, who, what)
  local f = F.read(value, who, what)
  if f[1] <= 0 then blame("%s: %s must be above 0, not %s", who, what, kit.a(value)) end
  return f
end
