-- A filter for Pandoc and Quarto: each sg block becomes what it shows. The command scalargrad does it:
--   pandoc slides.md --lua-filter "$(scalargrad deck --filter)" -o slides.html
local pictures = "png"
if FORMAT:match("html") or FORMAT:match("slide") or FORMAT:match("reveal") or FORMAT == "epub" then
  pictures = "svg"
elseif FORMAT == "latex" or FORMAT == "beamer" or FORMAT == "context" then
  pictures = "pdf"
end

-- A picture as one of the document's files, which LaTeX and Word need.
local function kept(image)
  local kind, content = pandoc.mediabag.fetch(image.src)
  image.src = "sg-" .. pandoc.sha1(content):sub(1, 12) .. "." .. pictures
  pandoc.mediabag.insert(image.src, kind, content)
  return image
end

function CodeBlock(block)
  local class = block.classes[1] or ""
  if class ~= "sg" and class ~= "scalargrad" and class ~= "{sg}" then return nil end
  local fence = string.rep("`", 3)
  while block.text:find(fence, 1, true) do fence = fence .. "`" end
  local deck = fence .. "sg\n" .. block.text .. "\n" .. fence .. "\n"
  local ok, shown = pcall(pandoc.pipe, "scalargrad", {"deck", "-", "-o", "-", "--pictures", pictures}, deck)
  if not ok then error("an sg block cannot be shown; scalargrad deck says why") end
  local blocks = pandoc.Div(pandoc.read(shown, "markdown-implicit_figures").blocks)
  return pandoc.walk_block(blocks, { Image = pictures ~= "svg" and kept or nil }).content
end
