using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetVips;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>mosaic</c>: large images with known small objects. Annotated photos, made smaller and mirrored at random, are laid out on a grid;
/// each object's place follows from where its photo went. The same arguments give the same files.
/// </summary>
internal static class MosaicCommand
{
    private const double LeastFill = 0.75;
    private const int Quality = 92;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var images = new Option<DirectoryInfo>("--images") { Description = "Folder of the photos.", Required = true };
        var annotations = new Option<FileInfo>("--annotations") { Description = "Their COCO annotations.", Required = true };
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder for images and instances.json.", Required = true };
        var count = new Option<int>("--count") { Description = "Mosaics.", DefaultValueFactory = _ => 20 };
        var width = new Option<int>("--width") { Description = "Columns of a mosaic, in pixels.", DefaultValueFactory = _ => 2560 };
        var height = new Option<int>("--height") { Description = "Rows of a mosaic, in pixels.", DefaultValueFactory = _ => 1920 };
        var cell = new Option<int>("--cell") { Description = "Side of a photo's cell, in pixels.", DefaultValueFactory = _ => 320 };
        var seed = new Option<int>("--seed") { Description = "Of the choices.", DefaultValueFactory = _ => 1 };
        var command = new Command("mosaic", "Large images of small annotated photos, for evaluations.")
        {
            images, annotations, output, count, width, height, cell, seed,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(images),
            parsed.GetRequiredValue(annotations),
            parsed.GetRequiredValue(output),
            parsed.GetValue(count),
            (parsed.GetValue(width), parsed.GetValue(height), parsed.GetValue(cell)),
            new Random(parsed.GetValue(seed))));
        return command;
    }

    private static int Run(
        DirectoryInfo folder, FileInfo annotations, DirectoryInfo output, int count, (int Width, int Height, int Cell) size, Random random)
    {
        var dataset = JsonNode.Parse(File.ReadAllText(annotations.FullName))!;
        var objects = dataset["annotations"]!.AsArray().ToLookup(item => (long)item!["image_id"]!);
        var photos = dataset["images"]!.AsArray()
            .Select(item => (Id: (long)item!["id"]!, File: Find(folder, (long)item["id"]!, (string)item["file_name"]!)))
            .Where(photo => photo.File is not null)
            .OrderBy(photo => photo.Id)
            .ToArray();
        output.Create();
        var (images, truths) = (new JsonArray(), new JsonArray());
        for (var i = 0; i < count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{i:D4}.jpg");
            using var canvas = Image.Black(size.Width, size.Height, bands: 3) + 114;
            var mosaic = canvas.Cast(Enums.BandFormat.Uchar);
            for (var y = 0; y + size.Cell <= size.Height; y += size.Cell)
            {
                for (var x = 0; x + size.Cell <= size.Width; x += size.Cell)
                {
                    var photo = photos[random.Next(photos.Length)];
                    mosaic = Place(mosaic, photo.File!, objects[photo.Id], (x, y, size.Cell), i, random, truths);
                }
            }

            mosaic.Jpegsave(Path.Combine(output.FullName, name), q: Quality);
            mosaic.Dispose();
            images.Add(new JsonObject { ["id"] = i, ["file_name"] = name, ["width"] = size.Width, ["height"] = size.Height });
        }

        var document = new JsonObject
        {
            ["images"] = images,
            ["annotations"] = truths,
            ["categories"] = dataset["categories"]!.DeepClone(),
        };
        File.WriteAllText(Path.Combine(output.FullName, "instances.json"), document.ToJsonString(JsonSerializerOptions.Default));
        Console.WriteLine($"{count} mosaics of {photos.Length} photos, {truths.Count} objects");
        return 0;
    }

    private static Image Place(
        Image mosaic,
        string file,
        IEnumerable<JsonNode?> objects,
        (int X, int Y, int Side) cell,
        int image,
        Random random,
        JsonArray truths)
    {
        using var original = Image.NewFromFile(file);
        var fill = LeastFill + ((1 - LeastFill) * random.NextDouble());
        var scale = fill * cell.Side / Math.Max(original.Width, original.Height);
        var resized = original.Resize(scale);
        var colour = resized.Bands == 1 ? resized.Bandjoin(resized, resized) : resized;
        var isMirrored = random.Next(2) == 1;
        var placed = isMirrored ? colour.Flip(Enums.Direction.Horizontal) : colour;
        var (left, top) = (
            cell.X + random.Next(cell.Side - placed.Width + 1),
            cell.Y + random.Next(cell.Side - placed.Height + 1));
        var (scaleX, scaleY) = ((double)placed.Width / original.Width, (double)placed.Height / original.Height);
        foreach (var item in objects)
        {
            var box = item!["bbox"]!.AsArray().Select(side => (double)side!).ToArray();
            var x = isMirrored ? original.Width - box[0] - box[2] : box[0];
            truths.Add(new JsonObject
            {
                ["id"] = truths.Count + 1,
                ["image_id"] = image,
                ["category_id"] = (int)item["category_id"]!,
                ["bbox"] = new JsonArray(left + (x * scaleX), top + (box[1] * scaleY), box[2] * scaleX, box[3] * scaleY),
                ["area"] = (double)item["area"]! * scaleX * scaleY,
                ["iscrowd"] = (int?)item["iscrowd"] ?? 0,
            });
        }

        return mosaic.Insert(placed, left, top);
    }

    private static string? Find(DirectoryInfo folder, long id, string name) =>
        new[] { name, $"{id}{Path.GetExtension(name)}" }
            .Select(candidate => Path.Combine(folder.FullName, candidate))
            .FirstOrDefault(File.Exists);
}
