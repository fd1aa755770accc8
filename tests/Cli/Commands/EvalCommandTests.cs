using System.Text.Json;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class EvalCommandTests(DemoModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Eval_OwnDetectionsAsTruth_IsPerfectForThem()
    {
        // What the model itself finds above 0.5 is the truth: at that threshold every number that can be measured is 1.
        var detected = await Cli.JsonAsync("detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("out"), "--score", "0.5", "--provider", "cpu");
        var annotations = await WriteAnnotationsAsync(detected, image => image);
        var report = await Cli.JsonAsync("eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", annotations, "--score", "0.5", "--provider", "cpu");
        Assert.Equal(18, report.GetProperty("images").GetInt32());
        Assert.Equal(0, report.GetProperty("missing").GetArrayLength());
        var metrics = report.GetProperty("metrics");
        Assert.Equal(1, metrics.GetProperty("ap").GetDouble(), 1e-9);
        Assert.Equal(1, metrics.GetProperty("ap75").GetDouble(), 1e-9);
        Assert.Equal(1, metrics.GetProperty("ar100").GetDouble(), 1e-9);

        // One detection of a class per image finds one of its objects there.
        var byClass = detected.GetProperty("images").EnumerateArray()
            .SelectMany((image, index) => image.GetProperty("result").GetProperty("detections").EnumerateArray()
                .Select(detection => (Image: index, Class: detection.GetProperty("classId").GetInt32())))
            .GroupBy(pair => pair.Class);
        Assert.Equal(
            byClass.Average(group => (double)group.Select(pair => pair.Image).Distinct().Count() / group.Count()),
            metrics.GetProperty("ar1").GetDouble(),
            1e-9);
    }

    [Fact]
    public async Task Eval_ImageNotInTheFolder_IsNamedAndLeftOut()
    {
        var detected = await Cli.JsonAsync("detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("out"), "--provider", "cpu");
        var annotations = await WriteAnnotationsAsync(detected, image => image == "sample1.jpg" ? "elsewhere.jpg" : image);
        var report = await Cli.JsonAsync("eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", annotations, "--provider", "cpu");
        Assert.Equal(17, report.GetProperty("images").GetInt32());
        Assert.Equal("elsewhere.jpg", report.GetProperty("missing")[0].GetString());
    }

    /// <summary>A file that cannot be read is one image, not the end of the evaluation.</summary>
    [Fact]
    public async Task Eval_FileThatCannotBeRead_IsNamedAndLeftOut()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("a named pipe in a folder is of Unix");
        }

        var photos = Directory.CreateDirectory(_folder.File("photos")).FullName;
        foreach (var name in new[] { "sample1.jpg", "sample2.jpg" })
        {
            File.Copy(Path.Combine(DemoModel.Photos, name), Path.Combine(photos, name));
        }

        var detected = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", photos, "--output", _folder.File("out"), "--provider", "cpu");
        var annotations = await WriteAnnotationsAsync(detected, image => image);
        File.Delete(Path.Combine(photos, "sample1.jpg"));
        Assert.Equal(0, (await Cli.RunProgramAsync("mkfifo", [Path.Combine(photos, "sample1.jpg")])).ExitCode);

        // Detections of a category that the data set does not have are no detections; it is said whose they are.
        var id = JsonDocument.Parse(await File.ReadAllTextAsync(annotations, TestContext.Current.CancellationToken))
            .RootElement.GetProperty("images")[1].GetProperty("id").GetInt64();
        var other = _folder.File("other.json");
        await File.WriteAllTextAsync(
            other,
            $$"""[{ "image_id": {{id}}, "category_id": 999, "bbox": [1, 2, 3, 4], "score": 0.9 }]""",
            TestContext.Current.CancellationToken);

        var report = await Cli.JsonAsync(
            "eval", "--model", model.Onnx, "--images", photos, "--annotations", annotations, "--provider", "cpu", "--compare", other);

        Assert.Equal(1, report.GetProperty("images").GetInt32());
        Assert.StartsWith("sample1.jpg: expected a file, found a pipe", report.GetProperty("missing")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("category_id 999", report.GetProperty("compared").GetProperty("classesWithoutCategory")[0].GetString());
        Assert.DoesNotContain("category_id 999", report.GetProperty("classesWithoutCategory").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eval_NotAnnotations_FailsByName()
    {
        var run = await Cli.RunAsync("eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", model.Config);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: invalid_annotations: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eval_DetectionsOfOtherImages_AreNamed()
    {
        var detections = _folder.File("detections.json");
        await File.WriteAllTextAsync(
            detections, """[{ "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.9 }]""", TestContext.Current.CancellationToken);
        var annotations = _folder.File("annotations.json");
        await File.WriteAllTextAsync(
            annotations,
            """{ "images": [{ "id": 1, "file_name": "a.jpg" }], "categories": [{ "id": 1, "name": "person" }], "annotations": [] }""",
            TestContext.Current.CancellationToken);

        var run = await Cli.RunAsync("eval", "--detections", detections, "--annotations", annotations);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: unknown_images: expected detections of the 1 images of the annotations, ", run.Error, StringComparison.Ordinal);
        Assert.Contains("image_id 7", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected --model and --images, or --detections", "--model", "m.onnx")]
    [InlineData("--model, --report: not with --detections", "--detections", "d.json", "--model", "m.onnx", "--report", "r.html")]
    public void Eval_SourcesThatDoNotFit_AreWrongUsage(string expected, params string[] options)
    {
        var parsed = NanodetCommand.CreateRoot(AllCommands.Create()).Parse(["eval", "--annotations", "a.json", .. options]);

        Assert.Contains(parsed.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Eval_NamesThatDiffer_NeedByOrder()
    {
        // Every class has a category, so that the order is whole; each is called otherwise.
        var metadata = (await Cli.JsonAsync("inspect", model.Onnx)).GetProperty("model").GetProperty("metadata");
        var classes = JsonSerializer.Deserialize<string[]>(metadata.GetProperty("nanodet.classes").GetString()!)!;
        var annotations = _folder.File("other.json");
        await File.WriteAllTextAsync(
            annotations,
            JsonSerializer.Serialize(new
            {
                images = new[] { new { id = 1, file_name = "sample1.jpg" } },
                annotations = Array.Empty<object>(),
                categories = classes.Select((_, index) => new { id = index + 1, name = $"thing {index}" }),
            }),
            TestContext.Current.CancellationToken);

        var byName = await Cli.RunAsync("eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", annotations, "--provider", "cpu");
        Assert.Equal(1, byName.ExitCode);
        Assert.StartsWith("error: categories_do_not_fit: ", byName.Error, StringComparison.Ordinal);

        var byOrder = await Cli.JsonAsync(
            "eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", annotations, "--provider", "cpu", "--by-order");
        Assert.Equal(1, byOrder.GetProperty("images").GetInt32());
        Assert.Empty(byOrder.GetProperty("categoriesWithoutClass").EnumerateArray());
    }

    [Fact]
    public async Task Eval_Report_IsOneFileWithoutScriptsOrLinksAndItsThresholdsWork()
    {
        var photos = Directory.CreateDirectory(_folder.File("photos")).FullName;
        foreach (var name in new[] { "sample1.jpg", "sample2.jpg" })
        {
            File.Copy(Path.Combine(DemoModel.Photos, name), Path.Combine(photos, name));
        }

        var detected = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", photos, "--output", _folder.File("out"), "--score", "0.5", "--provider", "cpu");
        var annotations = await WriteAnnotationsAsync(detected, image => image);
        string[] eval = ["eval", "--model", model.Onnx, "--images", photos, "--annotations", annotations, "--provider", "cpu"];
        var (page, detections, thresholds) = (_folder.File("a.html"), _folder.File("a.json"), _folder.File("thresholds.json"));

        var plain = await Cli.JsonAsync(eval);
        var first = await Cli.JsonAsync([.. eval, "--save-detections", detections, "--thresholds-out", thresholds]);
        var again = await Cli.JsonAsync([.. eval, "--compare", detections]);
        var second = await Cli.JsonAsync([.. eval, "--score", "0.6", "--compare", detections, "--report", page]);

        // The 12 numbers stay, and what was saved gives them once more; a threshold goes for both.
        Assert.Equal(Metrics(plain), Metrics(first));
        Assert.Equal(Metrics(first), Metrics(again.GetProperty("compared")));
        Assert.Equal(Metrics(second), Metrics(second.GetProperty("compared")));
        Assert.NotEqual(Metrics(first), Metrics(second));
        Assert.False(plain.TryGetProperty("compared", out _));

        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        foreach (var part in new[] { "The 12 numbers", "AP by size", "best threshold", "Confusion matrix", "A - B", "data:image/jpeg;base64," })
        {
            Assert.Contains(part, html, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https://", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        var document = System.Xml.Linq.XDocument.Parse(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)
            .Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal));
        Assert.All(document.Descendants("polyline"), line => Assert.Matches(@"^[\d., ]+$", line.Attribute("points")!.Value));
        Assert.True(document.Descendants("polyline").Count() >= 8);

        // Each class of the truth has a threshold at which nothing but the truth is left.
        var best = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", photos, "--output", _folder.File("best"), "--score", "1", "--provider", "cpu",
            "--thresholds", thresholds);
        Assert.Equal(Boxes(detected), Boxes(best));
    }

    [Fact]
    public async Task Eval_CompareWithWhatIsNotThere_FailsByName()
    {
        var detected = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", Path.Combine(DemoModel.Photos, "sample1.jpg"), "--output", _folder.File("out"),
            "--provider", "cpu");
        var annotations = await WriteAnnotationsAsync(detected, image => image);

        // Before the first image is looked for: here is none.
        var photos = Directory.CreateDirectory(_folder.File("none")).FullName;
        string[] eval = ["eval", "--model", model.Onnx, "--images", photos, "--annotations", annotations, "--provider", "cpu"];

        var absent = await Cli.RunAsync([.. eval, "--compare", _folder.File("absent.json")]);
        Assert.StartsWith("error: file_not_found: ", absent.Error, StringComparison.Ordinal);
        var other = await Cli.RunAsync([.. eval, "--compare", annotations]);
        Assert.StartsWith("error: invalid_detections: ", other.Error, StringComparison.Ordinal);

        // Detections of images that the annotations have no id for: all numbers would be 0.
        var unknown = _folder.File("unknown.json");
        await File.WriteAllTextAsync(
            unknown, """[{ "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.9 }]""", TestContext.Current.CancellationToken);
        var images = await Cli.RunAsync([.. eval, "--compare", unknown]);
        Assert.Equal(1, images.ExitCode);
        Assert.StartsWith("error: unknown_images: expected detections of the 1 images of the annotations, ", images.Error, StringComparison.Ordinal);
        Assert.Contains("image_id 7", images.Error, StringComparison.Ordinal);
    }

    private static string Metrics(JsonElement report) => JsonSerializer.Serialize(report.GetProperty("metrics"));

    private static string[] Boxes(JsonElement detected) =>
    [
        .. detected.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("result"))
            .SelectMany(result => result.GetProperty("detections").EnumerateArray()
                .Select(found => $"{result.GetProperty("image").GetProperty("name")} {found.GetRawText()}"))
            .Order(StringComparer.Ordinal),
    ];

    private async Task<string> WriteAnnotationsAsync(JsonElement detected, Func<string, string> rename)
    {
        var path = _folder.File("instances.json");
        var images = new List<object>();
        var annotations = new List<object>();
        var names = new SortedDictionary<int, string>();
        foreach (var result in detected.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("result")))
        {
            images.Add(new { id = images.Count + 1, file_name = rename(result.GetProperty("image").GetProperty("name").GetString()!) });
            foreach (var detection in result.GetProperty("detections").EnumerateArray())
            {
                var box = detection.GetProperty("box");
                var (width, height) = (box.GetProperty("width").GetDouble(), box.GetProperty("height").GetDouble());
                var category = detection.GetProperty("classId").GetInt32() + 1;
                names[category] = detection.GetProperty("className").GetString()!;
                annotations.Add(new
                {
                    id = annotations.Count + 1,
                    image_id = images.Count,
                    category_id = category,
                    bbox = new[] { box.GetProperty("x").GetDouble(), box.GetProperty("y").GetDouble(), width, height },
                    area = width * height,
                    iscrowd = 0,
                });
            }
        }

        await File.WriteAllTextAsync(
            path,
            JsonSerializer.Serialize(new { images, annotations, categories = names.Select(pair => new { id = pair.Key, name = pair.Value }) }),
            TestContext.Current.CancellationToken);
        return path;
    }
}
