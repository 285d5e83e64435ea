-- Requests for wrk. BENCH_CASE chooses which; BENCH_TOKEN is the value of the Authorization header.
local case = os.getenv("BENCH_CASE")
local base = os.getenv("BENCH_PATH")
local total = tonumber(os.getenv("BENCH_TOTAL") or "1")
local headers = {
  ["Authorization"] = os.getenv("BENCH_TOKEN"),
  ["X-Request-ID"] = "bench",
  ["X-Correlation-ID"] = "bench",
}
local json = { ["Content-Type"] = "application/json" }
for name, value in pairs(headers) do json[name] = value end

-- Each thread works on sessions of its own.
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local ids = {}
local counter = 0
local now = tonumber(os.getenv("BENCH_NOW") or "0")

function init(args)
  math.randomseed(id + 1)
  if case == "one" then
    for line in io.lines(os.getenv("BENCH_IDS")) do ids[#ids + 1] = line end
  end
end

-- A DateTime that is later with each call: sessions must not go back in time.
local function later()
  counter = counter + 1
  local ms = now * 1000 + counter
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(ms / 1000)) .. string.format(".%03dZ", ms % 1000)
end

local function session_id() return "B" .. id .. "-" .. (counter % 5000) end

local make = {}
function make.plain() return wrk.format("GET", base, headers) end
function make.page() -- the pages of a pull
  return wrk.format("GET", base .. "?limit=50&offset=" .. math.random(0, math.floor((total - 1) / 50)) * 50, headers)
end
function make.any_page() -- pages that nobody has asked for a moment ago
  return wrk.format("GET", base .. "?limit=50&offset=" .. math.random(0, math.max(0, total - 50)), headers)
end
function make.one() return wrk.format("GET", base .. "/" .. ids[math.random(#ids)], headers) end
function make.authorize()
  return wrk.format("POST", base, json, '{"location_id":"LOC1","evse_uids":["3256"]}')
end
local session = [[{"country_code":"US","party_id":"BEN","id":"%s","start_date_time":"2026-01-15T10:00:00Z","kwh":12.5,]]
  .. [["cdr_token":{"country_code":"US","party_id":"EMS","uid":"04DE5000000002","type":"RFID","contract_id":"US-EMS-C00000002-X"},]]
  .. [["auth_method":"WHITELIST","location_id":"LOC1","evse_uid":"3256","connector_id":"1","currency":"USD",]]
  .. [["charging_periods":[{"start_date_time":"2026-01-15T10:00:00Z","dimensions":[{"type":"ENERGY","volume":12.5},]]
  .. [[{"type":"TIME","volume":0.5}],"tariff_id":"T1"}],"total_cost":{"excl_vat":4.38},"status":"ACTIVE","last_updated":"%s"}]]
function make.put_session()
  local at = later()
  return wrk.format("PUT", base .. "/US/BEN/" .. session_id(), json, string.format(session, session_id(), at))
end
function make.patch_session()
  local at = later()
  local body = string.format('{"kwh":%d.25,"total_cost":{"excl_vat":%d.5},"last_updated":"%s"}', counter % 90, counter % 30, at)
  return wrk.format("PATCH", base .. "/US/BEN/" .. session_id(), json, body)
end

request = make[case]
