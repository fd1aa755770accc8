using System.Text.Json;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class ResultsExportCommandTests(DemoModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Export_OfDetections_IntoTheEvaluation_GivesTheNumbersOfEval()
    {
        // Truths: what the model finds above 0.5, some of it moved, so that the numbers are neither 0 nor 1.
        var truth = _folder.File("truth.json");
        var first = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", truth, "--format", "coco-dataset", "--score", "0.5",
            "--provider", "cpu");
        Assert.Equal(18, first.GetProperty("export").GetProperty("images").GetInt32());
        Assert.False(Path.Exists(_folder.File("sample1.jpg.json")));
        await MoveAsync(truth);

        var eval = await Cli.JsonAsync(
            "eval", "--model", model.Onnx, "--images", DemoModel.Photos, "--annotations", truth, "--score", "0.1", "--provider", "cpu");
        await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("results"), "--score", "0.1",
            "--provider", "cpu", "--quiet");
        var export = await Cli.JsonAsync(
            "results", "export", "--input", _folder.File("results"), "--format", "coco", "--dataset", truth, "--output", _folder.File("c.json"));

        Assert.Equal(18, export.GetProperty("images").GetInt32());
        var again = await Cli.JsonAsync("eval", "--detections", _folder.File("c.json"), "--annotations", truth, "--score", "0.1");
        Assert.Equal(18, again.GetProperty("images").GetInt32());
        Assert.Equal(
            eval.GetProperty("metrics").Deserialize<CocoMetrics>(JsonSerializerOptions.Web),
            again.GetProperty("metrics").Deserialize<CocoMetrics>(JsonSerializerOptions.Web));
        Assert.InRange(eval.GetProperty("metrics").GetProperty("ap").GetDouble(), 0.05, 0.95);

        // Again, with what is there: nothing is detected, and the summary is of everything.
        var resumed = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("results"), "--score", "0.1",
            "--provider", "cpu", "--quiet", "--resume");
        Assert.Equal((18, 18), (resumed.GetProperty("kept").GetInt32(), resumed.GetProperty("detected").GetInt32()));
        Assert.Empty(resumed.GetProperty("images").EnumerateArray());
        Assert.Equal(
            resumed.GetProperty("detectionsByClass").EnumerateObject().Sum(count => count.Value.GetInt64()),
            export.GetProperty("detections").GetInt64());
    }

    [Theory]
    [InlineData("expected one of --input, --job and --prefix", "--format", "csv")]
    [InlineData("--format: expected one of csv, ndjson", "--format", "xls", "--input", ".")]
    [InlineData("--dataset: only with --format coco", "--format", "csv", "--input", ".", "--dataset", "a.json")]
    [InlineData("--scores: only with --format yolo or voc", "--format", "csv", "--input", ".", "--scores")]
    [InlineData("--data, --server and --account: only with --job and --prefix", "--format", "csv", "--input", ".", "--data", ".")]
    [InlineData("--min-score: expected 0 to 1", "--format", "csv", "--input", ".", "--min-score", "2")]
    [InlineData("--output: expected an NDJSON file outside of --input", "--format", "ndjson", "--input", "in", "--output", "in/all.ndjson")]
    [InlineData("--name: expected a glob", "--format", "csv", "--input", ".", "--name", "a?")]
    public void Export_OptionsThatDoNotFit_AreWrongUsage(string expected, params string[] options)
    {
        var parsed = NanodetCommand.CreateRoot(AllCommands.Create()).Parse(
            ["results", "export", .. options.Contains("--output") ? [] : new[] { "--output", "x" }, .. options]);

        Assert.Contains(parsed.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Export_IntoItsOwnInput_IsWrongUsage_WhereItWouldBeReadAgain()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("links need a privilege on Windows");
        }

        var input = Directory.CreateDirectory(_folder.File("results", "sub")).Parent!.FullName;
        var outside = Directory.CreateDirectory(_folder.File("outside")).FullName;
        Directory.CreateDirectory(_folder.File("results2"));
        Directory.CreateSymbolicLink(_folder.File("link"), input);
        Directory.CreateSymbolicLink(Path.Combine(input, "sub", "out"), outside);
        File.CreateSymbolicLink(Path.Combine(input, "all.ndjson"), _folder.File("all.ndjson"));

        // A folder takes the format's file; links lead in from outside, and out from inside.
        Assert.All(
            new[] { "results", "results/", "results/new/", "results/sub/x.ndjson", "results/one.json", "link", "outside/", "all.ndjson" },
            path => Assert.Equal(
                "--output: expected an NDJSON file outside of --input, found",
                Assert.Single(Errors(input, "ndjson", path)).Split(" found")[0] + " found"));
        Assert.NotEmpty(Errors(_folder.File("link"), "ndjson", "results/"));
        Assert.NotEmpty(Errors(input, "csv", "results/table.ndjson"));

        // What is beside it, and what no reader of results takes.
        Assert.All(
            new[] { "results2/", "results.ndjson", "new/", "results/x.jsonl", "results/x.txt" },
            path => Assert.Empty(Errors(input, "ndjson", path)));
        Assert.All(
            new[] { "csv", "parquet", "coco", "coco-dataset", "yolo", "voc", "labelstudio", "azureml" },
            format => Assert.Empty(Errors(input, format, "results/")));
        Assert.Empty(Errors(_folder.File("some.ndjson"), "csv", "results/"));

        string[] Errors(string from, string format, string path) =>
        [
            .. NanodetCommand.CreateRoot(AllCommands.Create()).Parse(
                ["results", "export", "--input", from, "--format", format, "--output", Path.Combine(_folder.Path, path)])
                .Errors.Select(error => error.Message),
        ];
    }

    [Fact]
    public async Task Export_OfAnotherDataset_FailsByNameAndKeepsTheFile()
    {
        var (results, dataset, output) = (_folder.File("results.ndjson"), _folder.File("instances.json"), _folder.File("coco.json"));
        var failure = DetectionResult.CreateFailure(new DetectionError("image_empty", "x"), new ImageReference(null, "b.jpg", null, 0), default);
        var lines = new[] { failure with { Status = DetectionStatus.Detected, Error = null, Detections = [], Image = new("images", "a.jpg", null, 1, 4, 4) }, failure }
            .Select(result => System.Text.Encoding.UTF8.GetString(result.ToUtf8Json()));
        await File.WriteAllLinesAsync(results, lines, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            dataset,
            """{ "images": [{ "id": 1, "file_name": "other.jpg" }], "categories": [{ "id": 1, "name": "dog" }], "annotations": [] }""",
            TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(output, "good", TestContext.Current.CancellationToken);

        var run = await Cli.RunAsync("results", "export", "--input", results, "--format", "coco", "--dataset", dataset, "--output", output);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: dataset_does_not_fit: expected images of the data set, ", run.Error, StringComparison.Ordinal);
        Assert.Equal("good", await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.tmp"));
    }

    private static async Task MoveAsync(string dataset)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(dataset, TestContext.Current.CancellationToken))!;
        foreach (var (index, annotation) in root["annotations"]!.AsArray().Index())
        {
            var box = annotation!["bbox"]!.AsArray();
            box[0] = box[0]!.GetValue<double>() + (index % 4 * 0.04 * box[2]!.GetValue<double>());
        }

        await File.WriteAllTextAsync(dataset, root.ToJsonString(), TestContext.Current.CancellationToken);
    }
}
