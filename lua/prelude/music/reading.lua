-- Mini-notation, from text to a tree: the grammar, and mistakes named by their place in the text. `mini.lua` makes a cycle
-- of the tree.
--
--   stack    = sequence { "," sequence }
--   sequence = group { "." group }          a group counts as one step if there are several
--   group    = { step | "_" | "!" }         "_" makes the step before longer, "!" plays it again
--   step     = ( word | number | "`" cell "`" | "~" | "[" stack "]" | "<" stack ">" | "{" stack "}" [ "%" number ] ) { change }
--   change   = "*" factor | "/" factor | "!" [ count ] | "@" weight | "?" [ probability ]
--            | "(" hits "," steps [ "," rotation ] ")"
local raw, shared, native = ...
local kit = native.kit
local F = kit.F
local match, sub, find, format, gsub = raw.string.match, raw.string.sub, raw.string.find, raw.string.format, raw.string.gsub
local tonumber, tointeger = raw.tonumber, raw.math.tointeger

local LONGEST, DEEPEST, LARGEST = 100000, 40, 1000
-- The rows of the longest pattern.
local HEAVIEST = 65536

-- Ends with a mistake at a byte of the text.
local function fail(text, at, ...)
  local shown = #text <= 60 and text or sub(text, 1, at < 40 and 57 or 20) .. "..."
  if #text > 60 and at >= 40 then shown = shown .. " " .. sub(text, at - 15, at + 20) .. "..." end
  -- Bytes within a character do not count.
  local _, before = gsub(sub(text, 1, at - 1), "[^\x80-\xbf]", "")
  kit.blame("mini \"%s\": character %d: %s", (gsub(shown, "%s", " ")), before + 1, format(...))
end

-- The end of what stands in backquotes from `at` on; one within is doubled.
local function quoted(text, at)
  local last = at
  repeat
    last = find(text, "`", last + 1, true)
    if not last then fail(text, at, "\"`\" is never closed; add \"`\"") end
    local doubled = sub(text, last + 1, last + 1) == "`"
    if doubled then last = last + 1 end
  until not doubled
  return last
end

-- Pieces of text: {kind, text, place, whether it touches the one before}.
local function tokens(text)
  if #text > LONGEST then
    fail(text, LONGEST + 1, "the text is too long; %d characters are possible, stack() joins several", LONGEST)
  end
  local out, at, touching = {}, 1, false
  while true do
    local blank = match(text, "^%s+", at)
    if blank then at, touching = at + #blank, false end
    if at > #text then break end
    local kind = "word"
    local piece = match(text, "^%d*%a[%w_#']*", at)
    if piece then
      -- As in C-4 and open-hat.
      while true do
        local more = match(text, "^%-[%w_#']+", at + #piece)
        if not more then break end
        piece = piece .. more
      end
    elseif sub(text, at, at) == "`" then
      kind, piece = "cell", sub(text, at, quoted(text, at))
    else
      kind, piece = "number", match(text, "^%-?%d+%.%d+", at) or match(text, "^%-?%d+", at)
    end
    if not piece then
      kind, piece = "sign", match(text, "^[%[%]<>{}(),.*/!@?%%_~%-]", at)
    end
    if not piece then
      local odd = match(text, "^[\xc2-\xf4][\x80-\xbf]*", at) or sub(text, at, at)
      fail(text, at, "\"%s\" means nothing here; write words, notes, numbers, ~ for a rest, and the signs %s", odd,
        "[]<>{}(),.*/!@?%_")
    end
    out[#out + 1] = { kind = kind, text = piece, at = at, touching = touching }
    at, touching = at + #piece, true
  end
  out[#out + 1] = { kind = "end", text = "the end", at = #text + 1 }
  return out
end

-- A tree under construction.
local Reader = {}
Reader.__index = Reader

function Reader:peek() return self.tokens[self.i] end

function Reader:is(sign)
  local token = self.tokens[self.i]
  return token.kind == "sign" and token.text == sign
end

function Reader:accept(sign)
  if not self:is(sign) then return false end
  self.i = self.i + 1
  return true
end

function Reader:fail(at, ...) fail(self.text, at, ...) end

-- What stands there, for a sentence.
function Reader:here()
  local token = self:peek()
  return token.kind == "end" and "the text ends" or format("there is \"%s\"", token.text)
end

-- A number from `low` to `high`; `whole` unless fractions mean something.
function Reader:number(what, low, high, whole)
  local token = self:peek()
  local number = token.kind == "number" and tonumber(token.text)
  if not number then self:fail(token.at, "%s must follow, but %s", what, self:here()) end
  if number < low or number > high or (whole and not tointeger(number)) or #token.text > 9 then
    self:fail(token.at, "%s must be %s from %s to %s, not %s", what, whole and "a whole number" or "a number", kit.say(low),
      kit.say(high), token.text)
  end
  self.i = self.i + 1
  return F.read(number, "mini", what)
end

-- A number, or several in <> that take turns, cycle by cycle.
function Reader:numbers(what, low, high, whole)
  if not self:is("<") then return { self:number(what, low, high, whole) } end
  local opened, list = self:peek().at, {}
  self.i = self.i + 1
  while not self:accept(">") do
    if self:peek().kind == "end" then self:fail(opened, "\"<\" is never closed; add \">\"") end
    list[#list + 1] = self:number(what, low, high, whole)
  end
  if #list == 0 then self:fail(opened, "there is nothing between < and >; %s must be there", what) end
  return list
end

local SMALLEST = 1 / LARGEST

-- What is written behind a step, in its order.
local changes = {
  ["*"] = function(self, step)
    step.node = { kind = "fast", node = step.node, by = self:numbers("how many times faster", SMALLEST, LARGEST) }
  end,
  ["/"] = function(self, step)
    step.node = { kind = "slow", node = step.node, by = self:numbers("how many times slower", SMALLEST, LARGEST) }
  end,
  ["!"] = function(self, step)
    step.times = step.times * (self:peek().kind == "number" and self:peek().touching
      and self:number("how often it is played", 1, LARGEST, true)[1] or 2)
  end,
  ["@"] = function(self, step) step.weight = self:number("how many steps it counts for", SMALLEST, HEAVIEST) end,
  ["?"] = function(self, step)
    local own = self:peek().kind == "number" and self:peek().touching
    local left_out = own and self:number("the probability", 0, 1) or { 1, 2 }
    step.node = { kind = "maybe", node = step.node, left_out = left_out[1] / left_out[2] }
  end,
  ["("] = function(self, step, at)
    local node = { kind = "euclid", node = step.node, hits = self:numbers("the number of hits", 0, 1024, true) }
    if not self:accept(",") then
      self:fail(self:peek().at, "the number of steps must follow behind a comma, as in x(3,8)")
    end
    node.steps = self:numbers("the number of steps", 1, 1024, true)
    node.rotation = self:accept(",") and self:numbers("the rotation", -1024, 1024, true) or { F.ZERO }
    if not self:accept(")") then self:fail(at, "\"(\" is never closed; add \")\"") end
    for _, hits in raw.ipairs(node.hits) do
      for _, steps in raw.ipairs(node.steps) do
        if hits[1] > steps[1] then self:fail(at, "%d hits do not fit into %d steps", hits[1], steps[1]) end
      end
    end
    step.node = node
  end,
}

local closing = { ["["] = "]", ["<"] = ">", ["{"] = "}" }

-- What a step is, before its changes.
function Reader:atom()
  local token = self:peek()
  self.i = self.i + 1
  if token.kind == "word" then return { kind = "value", value = { name = token.text } } end
  if token.kind == "number" then
    return { kind = "value", value = { name = token.text, number = tonumber(token.text) } }
  end
  if token.kind == "cell" then
    local step, problem = native.step((gsub(sub(token.text, 2, -2), "``", "`")))
    if not step then self:fail(token.at, "%s: %s", token.text, problem) end
    return { kind = "value", value = { name = token.text, step = step } }
  end
  if token.text == "~" or token.text == "-" then return { kind = "rest" } end
  local close = closing[token.text]
  self.depth = self.depth + 1
  if self.depth > DEEPEST then self:fail(token.at, "groups lie more than %d deep; that is too deep", DEEPEST) end
  local sequences = self:stack()
  if not self:accept(close) then
    if self:peek().kind ~= "end" then
      local odd = self:peek()
      self:fail(odd.at, "\"%s\" closes nothing; \"%s\" must be closed first, with \"%s\"", odd.text, token.text, close)
    end
    self:fail(token.at, "\"%s\" is never closed; add \"%s\"", token.text, close)
  end
  self.depth = self.depth - 1
  if close == "]" then return { kind = "group", sequences = sequences } end
  local steps = close == ">" and F.ONE or nil
  if close == "}" and self:accept("%") then steps = self:number("the steps of a cycle", SMALLEST, LARGEST) end
  return { kind = "turns", sequences = sequences, steps = steps }
end

function Reader:step()
  local at = self:peek().at
  local step = { node = self:atom(), weight = F.ONE, times = 1, at = at }
  while true do
    local sign = self:peek()
    local change = sign.kind == "sign" and sign.touching and changes[sign.text]
    if not change then return step end
    self.i = self.i + 1
    change(self, step, sign.at)
  end
end

-- Steps until something that is none.
function Reader:group()
  local steps = {}
  while true do
    local token = self:peek()
    local last = steps[#steps]
    if token.kind == "end" or (token.kind == "sign" and find("],>}).", token.text, 1, true)) then return steps end
    if self:accept("_") then
      if not last then self:fail(token.at, "\"_\" has no step before it to make longer") end
      last.weight = F.add(last.weight, F.ONE)
    elseif self:accept("!") then
      if not last then self:fail(token.at, "\"!\" has no step before it to play again") end
      last.times = last.times + 1
    elseif token.kind == "sign" and not closing[token.text] and token.text ~= "~" and token.text ~= "-" then
      local example = token.text == "(" and "(3,8)" or token.text .. "2"
      self:fail(token.at, "\"%s\" must stand right behind a step, as in bd%s", token.text, example)
    else
      steps[#steps + 1] = self:step()
    end
  end
end

function Reader:sequence()
  local first = self:group()
  if not self:is(".") then return first end
  local groups, at = {}, self:peek().at
  local function put(steps)
    if #steps == 0 then self:fail(at, "\".\" stands between groups of steps, and one of them is empty; a rest is ~") end
    local group = { kind = "group", sequences = { steps } }
    groups[#groups + 1] = { node = group, weight = F.ONE, times = 1, at = steps[1].at }
  end
  put(first)
  while self:is(".") do
    at = self:peek().at
    self.i = self.i + 1
    put(self:group())
  end
  return groups
end

function Reader:stack()
  local sequences = { self:sequence() }
  while self:accept(",") do sequences[#sequences + 1] = self:sequence() end
  return sequences
end

-- The tree of a text: a group. And a function that ends with a mistake at a place of the text.
function kit.read_mini(text)
  local reader = raw.setmetatable({ text = text, tokens = tokens(text), i = 1, depth = 0 }, Reader)
  local tree = { kind = "group", sequences = reader:stack() }
  local rest = reader:peek()
  if rest.kind ~= "end" then reader:fail(rest.at, "\"%s\" closes nothing; take it away or open it before", rest.text) end
  return tree, function(...) reader:fail(...) end
end
