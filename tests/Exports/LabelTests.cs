using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;
using YamlDotNet.Serialization;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>The formats of labelling and training tools, by the rules that each has published.</summary>
public sealed class LabelTests
{
    [Fact]
    public async Task Yolo_Lines_AreClassCentreAndSizeInPartsOfTheImage()
    {
        var (summary, target) = await MemoryTarget.ExportAsync(ExportFormat.Yolo, Results.Some);

        Assert.Equal("16 0.344531 0.729688 0.282031 0.540625\n0 0.5 0.5 1 1\n", target.Text("labels/cam1/0001.txt"));
        Assert.Equal(string.Empty, target.Text("labels/cam2/leer-äß.txt"));
        Assert.DoesNotContain(target.Files.Keys, name => name.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal(1, summary.LeftOut[LeftOutReason.Failed]);
        var classes = target.Text("classes.txt").TrimEnd('\n').Split('\n');
        Assert.Equal((17, "person", "class-1", "dog"), (classes.Length, classes[0], classes[1], classes[16]));
        var data = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(target.Text("data.yaml"));

        // Ultralytics takes a relative path from where it runs, and without one the folder of this file.
        Assert.Equal(["names", "train", "val"], data.Keys.Order());
        Assert.Equal(("images", "images"), (data["train"], data["val"]));
        Assert.Equal(classes, ((Dictionary<object, object>)data["names"])
            .OrderBy(pair => int.Parse((string)pair.Key, CultureInfo.InvariantCulture))
            .Select(pair => (string)pair.Value));

        // As the trainer checks it: a known class, and four numbers from 0 to 1.
        foreach (var line in target.Files.Keys.Where(name => name.StartsWith("labels/", StringComparison.Ordinal)).SelectMany(
            name => target.Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            var numbers = line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(5, numbers.Length);
            Assert.InRange(numbers[0], 0, classes.Length - 1);
            Assert.All(numbers[1..], number => Assert.InRange(number, 0, 1));
        }
    }

    [Fact]
    public async Task Yolo_WithScores_HasASixthColumn()
    {
        var (_, target) = await MemoryTarget.ExportAsync(
            ExportFormat.Yolo, Results.Some[..1], new ExportOptions { IncludeScores = true, ClassNames = ["person", "b: 'x' #"] });

        Assert.Equal("16 0.344531 0.729688 0.282031 0.540625 0.91", target.Text("labels/cam1/0001.txt").Split('\n')[0]);
        var data = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(target.Text("data.yaml"));
        Assert.Equal("b: 'x' #", ((Dictionary<object, object>)data["names"])["1"]);
    }

    [Fact]
    public async Task Yolo_TwoImagesOfOneLabelFile_KeepTheFirstAndCountTheOther()
    {
        var (summary, target) = await MemoryTarget.ExportAsync(
            ExportFormat.Yolo, [Results.Of("a.jpg", 10, 10, new DetectedObject(0, "x", 1, new(0, 0, 5, 5))), Results.Of("a.png", 10, 10)]);

        Assert.NotEmpty(target.Text("labels/a.txt"));
        Assert.Equal((1, 1), (summary.Images, summary.LeftOut[LeftOutReason.NameTaken]));
    }

    [Fact]
    public async Task Voc_Boxes_AreInsideTheImageAndCountFromOne()
    {
        var (_, target) = await MemoryTarget.ExportAsync(
            ExportFormat.Voc, [.. Results.Some, Results.Of("top.jpg", 8, 8, new DetectedObject(1, "a\u0001<b>", 0.5f, new(8, 8, 0, 0)))]);

        var annotation = XDocument.Parse(target.Text("Annotations/cam1/0001.xml")).Root!;
        Assert.Equal("annotation", annotation.Name);
        Assert.Equal(("cam1", "0001.jpg"), (annotation.Element("folder")!.Value, annotation.Element("filename")!.Value));
        Assert.Equal([640, 480, 3], annotation.Element("size")!.Elements().Select(element => (int)element));
        var boxes = annotation.Elements("object")
            .Select(found => (found.Element("name")!.Value, found.Element("bndbox")!.Elements().Select(edge => (int)edge).ToArray()))
            .ToList();
        Assert.Equal("dog", boxes[0].Item1);
        Assert.Equal([131, 221, 311, 480], boxes[0].Item2);
        Assert.Equal([1, 1, 640, 480], boxes[1].Item2);
        var edge = XDocument.Parse(target.Text("Annotations/top.xml")).Descendants("object").Single();
        Assert.Equal("a\uFFFD<b>", edge.Element("name")!.Value);
        Assert.Equal([8, 8, 8, 8], edge.Element("bndbox")!.Elements().Select(element => (int)element));
        Assert.Equal("cam1/0001", target.Text("ImageSets/Main/default.txt").Split('\n')[0]);
        Assert.Equal("person\na\u0001<b>\ndog\n", target.Text("labels.txt"));
    }

    [Fact]
    public async Task LabelStudio_Boxes_AreInPercentAndFitTheConfiguration()
    {
        var (_, target) = await MemoryTarget.ExportAsync(ExportFormat.LabelStudio, Results.Some);

        var tasks = JsonDocument.Parse(target.Files["labelstudio.json"]).RootElement.EnumerateArray().ToList();
        Assert.Equal(3, tasks.Count);
        Assert.Equal("azure-blob://images/cam1/0001.jpg", tasks[0].GetProperty("data").GetProperty("image").GetString());
        var prediction = tasks[0].GetProperty("predictions")[0];
        Assert.Equal("tiny v1", prediction.GetProperty("model_version").GetString());
        var result = prediction.GetProperty("result")[0];
        var value = result.GetProperty("value");
        Assert.Equal(100 * 130.25 / 640, value.GetProperty("x").GetDouble(), tolerance: 1e-6);
        Assert.Equal(100 * 259.5 / 480, value.GetProperty("height").GetDouble(), tolerance: 1e-6);
        Assert.Equal(["dog"], value.GetProperty("rectanglelabels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal((640, 480), (result.GetProperty("original_width").GetInt32(), result.GetProperty("original_height").GetInt32()));
        var configuration = XDocument.Parse(target.Text("labelstudio.config.xml")).Root!;
        var labels = configuration.Element("RectangleLabels")!;
        Assert.Equal(result.GetProperty("from_name").GetString(), labels.Attribute("name")!.Value);
        Assert.Equal(result.GetProperty("to_name").GetString(), configuration.Element("Image")!.Attribute("name")!.Value);
        Assert.Equal(labels.Attribute("toName")!.Value, configuration.Element("Image")!.Attribute("name")!.Value);
        Assert.Equal(["person", "dog"], labels.Elements("Label").Select(label => label.Attribute("value")!.Value));
        Assert.Equal(0, tasks[2].GetProperty("predictions")[0].GetProperty("result").GetArrayLength());
    }

    [Fact]
    public async Task AzureMl_Lines_FollowThePublishedSchema()
    {
        var (_, target) = await MemoryTarget.ExportAsync(
            ExportFormat.AzureMl,
            [.. Results.Some, Results.Of("a b/ü.webp", 10, 10)],
            new ExportOptions { ImageUrlPrefix = "azureml://x/paths/" });

        var lines = target.Text("azureml.jsonl").TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(4, lines.Count);
        Assert.Equal("azureml://x/paths/cam1/0001.jpg", lines[0].GetProperty("image_url").GetString());
        Assert.Equal("azureml://x/paths/a%20b/%C3%BC.webp", lines[3].GetProperty("image_url").GetString());
        Assert.False(lines[3].GetProperty("image_details").TryGetProperty("format", out _));
        Assert.All(lines[..3], line =>
        {
            Assert.Equal(["image_url", "image_details", "label"], line.EnumerateObject().Select(property => property.Name));
            var details = line.GetProperty("image_details");
            Assert.Contains(details.GetProperty("format").GetString(), new[] { "jpg", "jpeg", "png", "jpe", "jfif", "bmp", "tif", "tiff" });
            Assert.True(details.GetProperty("width").GetInt32() > 0 && details.GetProperty("height").GetInt32() > 0);
            foreach (var label in line.GetProperty("label").EnumerateArray())
            {
                Assert.Equal(
                    ["label", "topX", "topY", "bottomX", "bottomY", "isCrowd"],
                    label.EnumerateObject().Select(property => property.Name));
                var edges = new[] { "topX", "topY", "bottomX", "bottomY" }.Select(name => label.GetProperty(name).GetDouble()).ToArray();
                Assert.All(edges, edge => Assert.InRange(edge, 0, 1));
                Assert.True(edges[0] < edges[2] && edges[1] < edges[3]);
                Assert.Equal(0, label.GetProperty("isCrowd").GetInt32());
            }
        });
        Assert.Equal(130.25 / 640, lines[0].GetProperty("label")[0].GetProperty("topX").GetDouble(), tolerance: 1e-6);
    }

    [Fact]
    public async Task Zip_OfLabels_IsAnArchiveWithEachFileOnceAndTheSameBytesAgain()
    {
        var archives = new List<byte[]>();
        for (var i = 0; i < 2; i++)
        {
            var outer = new MemoryTarget();
            await ExportWriters.WriteAsync(
                new[] { Results.Some[0], Results.Of("cam1/0001.png", 5, 5), Results.Some[2] }.ToAsyncEnumerable(),
                ExportFormat.Voc,
                new ZipTarget(outer, "voc.zip"),
                cancellationToken: TestContext.Current.CancellationToken);
            archives.Add(Assert.Single(outer.Files).Value);
        }

        Assert.Equal(archives[0], archives[1]);
        using var archive = new ZipArchive(new MemoryStream(archives[0]));
        Assert.Equal(
            ["Annotations/cam1/0001.xml", "Annotations/cam2/leer-äß.xml", "ImageSets/Main/default.txt", "labels.txt"],
            archive.Entries.Select(entry => entry.FullName));
        await using var document = await archive.Entries[0].OpenAsync(TestContext.Current.CancellationToken);
        Assert.Equal("0001.jpg", XDocument.Load(document).Root!.Element("filename")!.Value);
    }
}
