using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Cli.Tests.Demo;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class ExportCommandTests(DemoModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Export_SameInputsTwice_GivesSameBytes()
    {
        var again = _folder.File("again.onnx");
        var report = await Cli.JsonAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", again);
        var bytes = await File.ReadAllBytesAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(await File.ReadAllBytesAsync(model.Onnx, TestContext.Current.CancellationToken), bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), report.GetProperty("sha256").GetString());
        Assert.Equal([1, 3549, 124], report.GetProperty("outputShape").EnumerateArray().Select(side => side.GetInt32()));
        Assert.False(report.GetProperty("operators").TryGetProperty("Split", out _));
        Assert.False(report.GetProperty("operators").TryGetProperty("BatchNormalization", out _));
        Assert.InRange(report.GetProperty("largestDifference").GetDouble(), 0, 1e-4);
    }

    [Fact]
    public async Task Export_Plain_KeepsTheOfficialLayersAndHasTheSameFixture()
    {
        var plain = _folder.File("plain.onnx");
        var report = await Cli.JsonAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", plain, "--plain");
        Assert.Equal(34, report.GetProperty("operators").GetProperty("Conv").GetInt32());
        Assert.Equal(1, report.GetProperty("operators").GetProperty("Split").GetInt32());
        Assert.InRange(report.GetProperty("largestDifference").GetDouble(), 0, 1e-4);

        // The optimised graph carries what the plain one computed.
        Assert.NotEqual(await ReadAsync(model.Onnx), await ReadAsync(plain));
        Assert.Equal(await FixtureAsync(model.Onnx), await FixtureAsync(plain));

        static Task<byte[]> ReadAsync(string file) => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

        static async Task<string?> FixtureAsync(string file) =>
            (await Cli.JsonAsync("inspect", file)).GetProperty("model").GetProperty("metadata").GetProperty("nanodet.parity").GetString();
    }

    [Fact]
    public async Task Export_HalfPrecision_DetectsTheSameObjectsAndSaysHowExactly()
    {
        var half = _folder.File("half.onnx");
        var report = await Cli.JsonAsync(
            "export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", half, "--precision", "fp16", "--calibration", DemoModel.Photos);
        var calibration = report.GetProperty("calibration");
        Assert.Equal("fp16", report.GetProperty("precision").GetString());
        Assert.Equal(18, calibration.GetProperty("images").GetInt32());
        Assert.InRange(calibration.GetProperty("detections").GetInt32(), 40, 200);
        Assert.InRange(calibration.GetProperty("changed").GetInt32(), 0, calibration.GetProperty("detections").GetInt32() / 20);
        Assert.InRange(calibration.GetProperty("largestScoreDifference").GetDouble(), 1e-6, 0.01);
        Assert.InRange(new FileInfo(half).Length, 1, new FileInfo(model.Onnx).Length * 0.55);

        var metadata = (await Cli.JsonAsync("inspect", half)).GetProperty("model").GetProperty("metadata");
        Assert.Equal("fp16", metadata.GetProperty("nanodet.precision").GetString());
        Assert.Contains("changed", metadata.GetProperty("nanodet.calibration").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_EightBits_DetectsNearlyTheSameAndSaysHowNearly()
    {
        // One folder with three photos and a file that only looks like one.
        var photos = Directory.CreateDirectory(_folder.File("photos")).FullName;
        foreach (var photo in Directory.EnumerateFiles(DemoModel.Photos, "*.jpg").Order(StringComparer.Ordinal).Take(3))
        {
            File.Copy(photo, Path.Combine(photos, Path.GetFileName(photo)));
        }

        await File.WriteAllTextAsync(Path.Combine(photos, "zero.jpg"), "no photo", TestContext.Current.CancellationToken);
        var eight = _folder.File("eight.onnx");
        string[] command = ["export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--precision", "int8", "--calibration", photos, "--output"];
        var report = await Cli.JsonAsync([.. command, eight]);
        var calibration = report.GetProperty("calibration");
        Assert.Equal("int8", report.GetProperty("precision").GetString());
        Assert.Equal(3, calibration.GetProperty("images").GetInt32());
        Assert.InRange(calibration.GetProperty("detections").GetInt32(), 3, 60);
        Assert.InRange(calibration.GetProperty("changed").GetInt32(), 0, calibration.GetProperty("detections").GetInt32() / 2);
        Assert.InRange(calibration.GetProperty("largestScoreDifference").GetDouble(), 1e-6, 0.15);
        Assert.Collection(
            report.GetProperty("notes").EnumerateArray().Select(note => note.GetString()),
            note => Assert.Contains("zero.jpg: not_an_image", note, StringComparison.Ordinal),
            note => Assert.StartsWith("calibrated on 3 images: at least 32 photos", note, StringComparison.Ordinal));
        Assert.InRange(new FileInfo(eight).Length, 1, new FileInfo(model.Onnx).Length * 0.45);

        var metadata = (await Cli.JsonAsync("inspect", eight)).GetProperty("model").GetProperty("metadata");
        Assert.Equal("int8", metadata.GetProperty("nanodet.precision").GetString());

        await Cli.JsonAsync([.. command, _folder.File("again.onnx")]);
        Assert.Equal(await File.ReadAllBytesAsync(eight, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(_folder.File("again.onnx"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Export_AllForms_AreWrittenMeasuredAndServedByWhatFits()
    {
        var photos = Directory.CreateDirectory(_folder.File("photos")).FullName;
        var photo = Directory.EnumerateFiles(DemoModel.Photos, "*.jpg").Order(StringComparer.Ordinal).First();
        File.Copy(photo, Path.Combine(photos, "one.jpg"));
        var output = _folder.File("forms.onnx");
        string[] command = ["export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", output];

        var report = await Cli.JsonAsync([.. command, "--forms", "all", "--calibration", photos]);

        Assert.Equal(
            [("cpu-fp32", "fp32"), ("cpu-int8", "int8"), ("gpu-fp32", "fp32"), ("gpu-fp16", "fp16")],
            report.GetProperty("forms").EnumerateArray().Select(form => (form.GetProperty("form").GetString(), form.GetProperty("precision").GetString())));
        Assert.All(report.GetProperty("forms").EnumerateArray(), form => Assert.True(File.Exists(form.GetProperty("file").GetString())));
        Assert.Equal(await File.ReadAllBytesAsync(model.Onnx, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken));
        var factor = report.GetProperty("speed").GetProperty("factor").GetDouble();
        Assert.Contains(" times as fast as float32 on ", report.GetProperty("speedNote").GetString(), StringComparison.Ordinal);
        Assert.Equal(factor < 1.05, report.GetProperty("speedNote").GetString()!.Contains("serves float32", StringComparison.Ordinal));

        // A worker's way: the precision that is set, or what a measurement says.
        foreach (var (precision, form) in new[] { ("int8", "cpu-int8"), ("float32", "cpu-fp32"), ("float16", "gpu-fp16") })
        {
            Assert.Equal(form, (await DetectAsync(precision)).GetProperty("form").GetProperty("form").GetString());
        }

        var chosen = await DetectAsync("auto");
        var measured = chosen.GetProperty("form").GetProperty("measured").GetProperty("factor").GetDouble();
        Assert.Equal(measured >= 1.05 ? "cpu-int8" : "cpu-fp32", chosen.GetProperty("form").GetProperty("form").GetString());
        Assert.Equal(measured >= 1.05 ? "int8" : "fp32", chosen.GetProperty("model").GetProperty("precision").GetString());

        // A model of one file in the same place is no form of the old set.
        var single = await Cli.JsonAsync(command);
        Assert.Contains(single.GetProperty("notes").EnumerateArray(), note => note.GetString()!.Contains("forms.forms.json was removed", StringComparison.Ordinal));
        Assert.Equal(JsonValueKind.Null, (await DetectAsync("auto")).GetProperty("form").ValueKind);

        Task<JsonElement> DetectAsync(string precision) => Cli.JsonAsync(
            "detect", "--model", output, "--input", photos, "--output", _folder.File("out"), "--provider", "cpu", "--precision", precision);
    }

    [Theory]
    [InlineData("--forms cpu-int8 takes", "cpu-int8")]
    [InlineData("found 'cpu-int4'", "cpu-fp32,cpu-int4")]
    [InlineData("leave --precision out", "gpu-fp16", "--precision", "fp16")]
    [InlineData("leave --plain out", "gpu-fp16", "--plain")]
    public async Task Export_FormsThatCannotBe_AreWrongUsage(string expected, string forms, params string[] more)
    {
        var run = await Cli.RunAsync(
            ["export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", _folder.File("m.onnx"), "--forms", forms, .. more]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("m.onnx")));
    }

    [Fact]
    public async Task Export_EightBitsWithoutPhotos_IsWrongUsage()
    {
        var run = await Cli.RunAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", _folder.File("m.onnx"), "--precision", "int8");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--calibration", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("m.onnx")));
    }

    [Theory]
    [InlineData(false, "has 0 files and no image")]
    [InlineData(true, "expected at least one image that can be used, found none among 1; calibration left out bad.png: not_an_image")]
    public async Task Export_EightBitsWithNoUsablePhoto_FailsByName(bool damaged, string words)
    {
        var photos = Directory.CreateDirectory(_folder.File("none")).FullName;
        if (damaged)
        {
            await File.WriteAllTextAsync(Path.Combine(photos, "bad.png"), "no photo", TestContext.Current.CancellationToken);
        }

        var output = _folder.File("m.onnx");
        var run = await Cli.RunAsync(
            "export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", output, "--precision", "int8", "--calibration", photos);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: no_images: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public async Task Export_PretrainTrue_IsReportedAndIgnored()
    {
        var config = await ConfigAsync(text => text.Replace("name: CustomCspNet", "name: CustomCspNet\n      pretrain: True", StringComparison.Ordinal));
        var report = await Cli.JsonAsync("export", "--config", config, "--checkpoint", model.Checkpoint, "--output", _folder.File("m.onnx"));
        Assert.Contains("pretrain: true is ignored", report.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_NotACheckpoint_FailsByName()
    {
        await File.WriteAllTextAsync(_folder.File("a.pth"), "hello", TestContext.Current.CancellationToken);
        await AssertFailsAsync(_folder.File("a.pth"), model.Config, "not_a_checkpoint", "50 4b 03 04");
    }

    [Fact]
    public async Task Export_TruncatedCheckpoint_FailsByName()
    {
        var bytes = await File.ReadAllBytesAsync(model.Checkpoint, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_folder.File("a.pth"), bytes.AsMemory(0, bytes.Length * 2 / 3), TestContext.Current.CancellationToken);
        await AssertFailsAsync(_folder.File("a.pth"), model.Config, "truncated_checkpoint", "copied completely");
    }

    [Fact]
    public async Task Export_PickleThatCallsCode_FailsAndRunsNothing()
    {
        var proof = _folder.File("proof");
        await using (var zip = new ZipArchive(File.Create(_folder.File("a.pth")), ZipArchiveMode.Create))
        {
            await using var pickle = zip.CreateEntry("a/data.pkl").Open();
            var command = Encoding.ASCII.GetBytes($"touch {proof}");
            byte[] program = [0x80, 2, .. "cposix\nsystem\nX"u8, .. BitConverter.GetBytes(command.Length), .. command, 0x85, (byte)'R', (byte)'.'];
            await pickle.WriteAsync(program, TestContext.Current.CancellationToken);
        }

        await AssertFailsAsync(_folder.File("a.pth"), model.Config, "unsafe_pickle", "posix.system");
        Assert.False(File.Exists(proof));
    }

    [Fact]
    public async Task Export_OneTensorMissing_NamesIt() =>
        await AssertFailsAsync(
            await CheckpointAsync(tensors => tensors.Where(tensor => tensor.Name != "head.gfl_cls.1.bias")), model.Config, "incomplete_checkpoint", "Missing (1): head.gfl_cls.1.bias");

    [Fact]
    public async Task Export_BackboneMissing_SaysNothingIsDownloaded() =>
        await AssertFailsAsync(
            await CheckpointAsync(tensors => tensors.Where(tensor => !tensor.Name.StartsWith("backbone.", StringComparison.Ordinal))),
            model.Config,
            "incomplete_checkpoint",
            "Backbone weights are never downloaded");

    [Fact]
    public async Task Export_WrongShape_NamesBothShapes() =>
        await AssertFailsAsync(
            await CheckpointAsync(tensors => tensors.Select(tensor =>
                tensor.Name == "head.gfl_cls.2.bias" ? TorchTensorData.Float32(tensor.Name, [125], new float[125]) : tensor)),
            model.Config,
            "incomplete_checkpoint",
            "head.gfl_cls.2.bias [125] instead of [124]");

    [Fact]
    public async Task Export_ConfigOfAnotherModel_SaysSo() =>
        await AssertFailsAsync(
            model.Checkpoint,
            await ConfigAsync(text => text.Replace("num_classes: 80", "num_classes: 3", StringComparison.Ordinal)),
            "incomplete_checkpoint",
            "another size or class count");

    [Fact]
    public async Task Export_ImageNetBackbone_SaysSo() =>
        await AssertFailsAsync(
            WriteCheckpoint([
                TorchTensorData.Float32("conv1.0.weight", [24, 3, 3, 3], new float[648]),
                TorchTensorData.Float32("stage2.0.branch1.0.weight", [24, 1, 3, 3], new float[216]),
                TorchTensorData.Float32("fc.weight", [1000, 1024], new float[1_024_000]),
            ]),
            model.Config,
            "not_a_detector",
            "ImageNet backbone");

    [Fact]
    public async Task Export_MissingFile_FailsByName() =>
        await AssertFailsAsync(_folder.File("nowhere.pth"), model.Config, "file_not_found", "nowhere.pth");

    [Fact]
    public async Task Export_WithoutOptions_IsWrongUsage()
    {
        var run = await Cli.RunAsync("export");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--checkpoint", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private async Task AssertFailsAsync(string checkpoint, string config, string code, string words)
    {
        var output = _folder.File("out", "model.onnx");
        var run = await Cli.RunAsync("export", "--config", config, "--checkpoint", checkpoint, "--output", output, "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"error: {code}: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Equal(code, JsonDocument.Parse(run.Output).RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.False(File.Exists(output));
    }

    private async Task<string> ConfigAsync(Func<string, string> change)
    {
        var path = _folder.File("changed.yml");
        var text = await File.ReadAllTextAsync(model.Config, TestContext.Current.CancellationToken);
        var changed = change(text);
        Assert.NotEqual(text, changed);
        await File.WriteAllTextAsync(path, changed, TestContext.Current.CancellationToken);
        return path;
    }

    private async Task<string> CheckpointAsync(Func<IEnumerable<TorchTensorData>, IEnumerable<TorchTensorData>> change)
    {
        var json = await File.ReadAllBytesAsync(Path.Combine(DemoModel.Package, "models", "nanodet.json"), TestContext.Current.CancellationToken);
        var weights = await File.ReadAllBytesAsync(Path.Combine(DemoModel.Package, "models", "nanodet.bin"), TestContext.Current.CancellationToken);
        return WriteCheckpoint([.. change(Serverless.Cli.Demo.DemoModelImporter.Import(Serverless.Cli.Demo.TfjsGraphModel.Read(json, weights)))]);
    }

    private string WriteCheckpoint(IReadOnlyList<TorchTensorData> tensors)
    {
        var path = _folder.File("changed.pth");
        using var file = File.Create(path);
        TorchArchiveWriter.Write(file, tensors);
        return path;
    }
}
