using System.Net.Sockets;
using System.Text.Json;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class DetectCommandTests(DemoModel model) : IDisposable
{
    private const string Photo = "sample1.jpg";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Detect_OnePhoto_WritesResultAndPicture()
    {
        var report = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", Path.Combine(DemoModel.Photos, Photo), "--output", _folder.Path, "--annotate");
        var written = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.File($"{Photo}.json"), TestContext.Current.CancellationToken)).RootElement;
        var answered = report.GetProperty("images")[0].GetProperty("result");
        Assert.Equal("detected", written.GetProperty("status").GetString());
        Assert.NotEqual(0, written.GetProperty("detections").GetArrayLength());
        Assert.Equal(Parity.DetectionParity.Read(answered), Parity.DetectionParity.Read(written));
        Assert.All(written.GetProperty("detections").EnumerateArray(), detection => Assert.True(detection.GetProperty("score").GetDouble() > 0.35));
        Assert.Equal("nanodet-g", written.GetProperty("model").GetProperty("name").GetString());

        using var picture = await DecodeAsync(_folder.File($"{Photo}.annotated.jpg"));
        using var photo = await DecodeAsync(Path.Combine(DemoModel.Photos, Photo));
        Assert.Equal((photo.Width, photo.Height), (picture.Width, picture.Height));
        var difference = Enumerable.Range(0, photo.Height).Sum(y => Difference(photo.Rows()[y], picture.Rows()[y]));
        Assert.True(difference > 100_000, "the picture is the photo: nothing was drawn");
    }

    [Fact]
    public async Task Detect_FolderWithBadImages_DetectsTheOthersAndNamesTheBad()
    {
        var input = Directory.CreateDirectory(_folder.File("in", "sub")).Parent!.FullName;
        var photo = await File.ReadAllBytesAsync(Path.Combine(DemoModel.Photos, Photo), TestContext.Current.CancellationToken);
        await WriteAsync("good.jpg", photo);
        await WriteAsync(Path.Combine("sub", "good.jpg"), photo);
        await WriteAsync("empty.jpg", []);
        await WriteAsync("text.png", "not an image"u8.ToArray());
        await WriteAsync("half.jpg", photo[..(photo.Length / 2)]);
        await WriteAsync("bomb.png", PngHeader(50_000, 50_000));
        await WriteAsync("notes.txt", "left alone"u8.ToArray());

        var run = await Cli.RunAsync("detect", "--model", model.Onnx, "--input", input, "--output", _folder.File("out"), "--json");
        var report = JsonDocument.Parse(run.Output).RootElement;
        var outcomes = Outcomes(run);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            new Dictionary<string, string?>
            {
                ["bomb.png"] = "image_too_many_pixels",
                ["empty.jpg"] = "image_empty",
                ["good.jpg"] = "detected",
                ["half.jpg"] = "image_truncated",
                ["sub/good.jpg"] = "detected",
                ["text.png"] = "not_an_image",
            },
            outcomes);
        Assert.Equal(1, report.GetProperty("ignored").GetInt32());
        Assert.Equal(
            ["image_too_many_pixels: bomb.png", "image_empty: empty.jpg", "image_truncated: half.jpg", "not_an_image: text.png"],
            run.Error.TrimEnd().Split('\n').Select(line => string.Join(": ", line.Split(": ")[1..3])));
        Assert.True(File.Exists(_folder.File("out", "sub", "good.jpg.json")));

        Task WriteAsync(string name, byte[] bytes) => File.WriteAllBytesAsync(Path.Combine(input, name), bytes, TestContext.Current.CancellationToken);
    }

    /// <summary>What a folder of many people's files has in it, beside images.</summary>
    [Fact]
    public async Task Detect_FilesThatCannotBeRead_AreFailuresByNameAndTheOthersAreDetected()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("named pipes, sockets and names of any bytes are no files of a folder on Windows");
        }

        var input = Directory.CreateDirectory(_folder.File("in", "sub")).Parent!.FullName;
        var photo = Path.Combine(DemoModel.Photos, Photo);
        File.Copy(photo, Path.Combine(input, "good.jpg"));
        File.Copy(photo, Path.Combine(input, "sub", "good.jpg"));
        File.Copy(photo, Path.Combine(input, "secret.jpg"));
        File.CreateSymbolicLink(Path.Combine(input, "link.jpg"), photo);
        File.CreateSymbolicLink(Path.Combine(input, "dangling.jpg"), "/nowhere/x.jpg");
        File.CreateSymbolicLink(Path.Combine(input, "loop.jpg"), "loop.jpg");
        Directory.CreateSymbolicLink(Path.Combine(input, "sub", "up"), input);
        File.CreateSymbolicLink(Path.Combine(input, "null.jpg"), "/dev/null");
        Directory.CreateDirectory(Path.Combine(input, "folder.jpg"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(input, "socket.jpg")));
        var made = await Cli.RunProgramAsync("sh", ["-c", "cd \"$1\" && chmod 000 secret.jpg && mkfifo pipe.jpg && : > \"$(printf '\\325\\306.jpg')\"", "sh", input]);
        Assert.True(made.ExitCode == 0, made.Error);

        var run = await Cli.RunAsync(
            "detect", "--model", model.Onnx, "--input", input, "--output", _folder.File("out"), "--batch", "3", "--json");

        // .NET cannot remove a file whose name it cannot write.
        await Cli.RunProgramAsync("rm", ["-r", "--", input]);

        // Permissions bind everybody but root.
        var secret = Environment.IsPrivilegedProcess ? "detected" : "file_unreadable";
        Assert.Equal(
            new Dictionary<string, string?>
            {
                ["dangling.jpg"] = "file_unreadable",
                ["folder.jpg"] = "file_unreadable",
                ["good.jpg"] = "detected",
                ["link.jpg"] = "detected",
                ["loop.jpg"] = "file_unreadable",
                ["null.jpg"] = "image_empty",
                ["pipe.jpg"] = "file_unreadable",
                ["secret.jpg"] = secret,
                ["socket.jpg"] = "file_unreadable",
                ["sub/good.jpg"] = "detected",
                ["\uFFFD\uFFFD.jpg"] = "file_unreadable",
            },
            Outcomes(run));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error: file_unreadable: dangling.jpg: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere/x.jpg", run.Error, StringComparison.Ordinal);
        Assert.Contains("pipe, a socket or a device", run.Error, StringComparison.Ordinal);
        Assert.Contains("UTF-8", run.Error, StringComparison.Ordinal);
        var written = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.File("out", "pipe.jpg.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("file_unreadable", written.GetProperty("error").GetProperty("code").GetString());
    }

    /// <summary>A name has 255 bytes at most, and a result's is longer than its image's.</summary>
    [Fact]
    public async Task Detect_NamesWithoutRoomForTheResult_AreFailuresAndTheOthersAreDetected()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("names have other limits on Windows");
        }

        var input = Directory.CreateDirectory(_folder.File("in")).FullName;
        string[] names = [.. new[] { 20, 230, 245, 250, 251 }.Select(length => $"{length}-{new string('x', length - 8)}.jpg")];
        foreach (var name in names)
        {
            File.Copy(Path.Combine(DemoModel.Photos, Photo), Path.Combine(input, name));
        }

        var dangling = $"{new string('z', 250)}.jpg";
        File.CreateSymbolicLink(Path.Combine(input, dangling), "/nowhere/x.jpg");
        string[] detect = ["detect", "--model", model.Onnx, "--input", input, "--provider", "cpu", "--json", "--output"];

        var run = await Cli.RunAsync([.. detect, _folder.File("out")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(["detected", "detected", "detected", "detected", "name_unusable", "file_unreadable"], [.. names.Append(dangling).Select(name => Outcomes(run)[name])]);
        Assert.Contains($"error: name_unusable: {names[4]}: expected ", run.Error, StringComparison.Ordinal);
        Assert.Equal(names[..4].Select(name => $"{name}.json").Order(), Written("out"));

        // A picture's ending is longer. Where it has no room, the result says so.
        run = await Cli.RunAsync([.. detect, _folder.File("both"), "--annotate"]);

        Assert.Equal(["detected", "detected", "name_unusable", "name_unusable", "name_unusable", "file_unreadable"], [.. names.Append(dangling).Select(name => Outcomes(run)[name])]);
        Assert.Equal(
            names[..4].Select(name => $"{name}.json").Concat(names[..2].Select(name => $"{name}.annotated.jpg")).Order(), Written("both"));
        Assert.Contains("name_unusable", await File.ReadAllTextAsync(_folder.File("both", $"{names[2]}.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        IEnumerable<string> Written(string folder) =>
            new DirectoryInfo(_folder.File(folder)).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Name).Order();
    }

    [Fact]
    public async Task Detect_OneFileThatIsAPipe_FailsAtOnce()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("a named pipe is no file of a folder on Windows");
        }

        await Cli.RunProgramAsync("mkfifo", [_folder.File("p.jpg")]);

        var run = await Cli.RunAsync("detect", "--model", model.Onnx, "--input", _folder.File("p.jpg"), "--output", _folder.File("out"));

        Assert.Contains("error: file_unreadable: p.jpg: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.ExitCode);
    }

    [Fact]
    public async Task Detect_IntoTheInputFolder_WritesBesideTheImagesAndTakesNoPictureOfItsOwn()
    {
        var folder = Directory.CreateDirectory(_folder.File("both", "sub")).Parent!.FullName;
        var photo = Path.Combine(DemoModel.Photos, Photo);
        File.Copy(photo, Path.Combine(folder, "a.jpg"));
        File.Copy(photo, Path.Combine(folder, "sub", "b.jpg"));
        File.Copy(photo, Path.Combine(folder, "my.annotated.jpg"));
        string[] expected = ["a.jpg", "my.annotated.jpg", "sub/b.jpg"];

        for (var round = 0; round < 2; round++)
        {
            // The same folder by another way.
            var output = round == 0 ? folder : Path.Combine(folder, "sub", "..");
            var run = await Cli.RunAsync(
                "detect", "--model", model.Onnx, "--input", folder, "--output", output, "--annotate", "--json");
            Assert.Equal(expected.ToDictionary(name => name, _ => (string?)"detected"), Outcomes(run));
            Assert.Equal(0, run.ExitCode);
            Assert.All(expected, name => Assert.True(
                File.Exists(Path.Combine(folder, $"{name}.json")) && File.Exists(Path.Combine(folder, $"{name}.annotated.jpg")), name));
        }
    }

    [Fact]
    public async Task Detect_IntoAFolderOfTheInput_LeavesThatOut()
    {
        var folder = Directory.CreateDirectory(_folder.File("nested")).FullName;
        File.Copy(Path.Combine(DemoModel.Photos, Photo), Path.Combine(folder, "a.jpg"));
        var output = Path.Combine(folder, "results");
        for (var round = 0; round < 2; round++)
        {
            var run = await Cli.RunAsync("detect", "--model", model.Onnx, "--input", folder, "--output", output, "--annotate", "--json");
            Assert.Equal(["a.jpg"], Outcomes(run).Keys);
        }

        var above = await Cli.RunAsync(
            "detect", "--model", model.Onnx, "--input", folder, "--output", Path.GetDirectoryName(folder)!, "--json");
        Assert.Contains("a.jpg", Outcomes(above).Keys);
    }

    /// <summary>Some cameras, and splitters of video streams, leave it out.</summary>
    [Fact]
    public async Task Detect_JpegWithoutItsEndMarker_IsDetectedWithANote()
    {
        var photo = await File.ReadAllBytesAsync(Path.Combine(DemoModel.Photos, Photo), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_folder.File("cut.jpg"), photo[..^2], TestContext.Current.CancellationToken);

        var run = await Cli.RunAsync("detect", "--model", model.Onnx, "--input", _folder.File("cut.jpg"), "--output", _folder.File("out"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("end-of-image marker", run.Output, StringComparison.Ordinal);
        var written = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.File("out", "cut.jpg.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.NotEqual(0, written.GetProperty("detections").GetArrayLength());
        Assert.Equal("end_marker_missing", written.GetProperty("notes")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task Detect_BatchesOfAnySize_GiveTheSameDetections()
    {
        var one = await DetectAllAsync("1");
        var many = await DetectAllAsync("16");
        Assert.Equal(one.Keys, many.Keys);
        foreach (var name in one.Keys)
        {
            Assert.Equal(one[name].Count, many[name].Count);
            foreach (var (first, second) in one[name].Zip(many[name]))
            {
                Assert.Equal(first.ClassId, second.ClassId);
                Assert.Equal(first.Score, second.Score, 1e-4);
                Assert.True(first.Iou(second) > 0.999);
            }
        }
    }

    [Fact]
    public async Task Detect_Choices_AreKeptAndInTheResult()
    {
        var thresholds = _folder.File("thresholds.json");
        await File.WriteAllTextAsync(thresholds, "{ \"person\": 0.2, }", TestContext.Current.CancellationToken);
        var regions = _folder.File("regions.json");
        string[] choices =
        [
            "detect", "--model", model.Onnx, "--input", Path.Combine(DemoModel.Photos, Photo), "--output", _folder.File("out"),
            "--slice", "320", "--overlap", "0.25", "--merge", "greedy", "--classes", "person", "--thresholds", thresholds,
            "--provider", "cpu",
        ];
        var all = (await Cli.JsonAsync(choices)).GetProperty("images")[0].GetProperty("result").GetProperty("detections");
        var (x, y) = Centre(all[0]);
        await File.WriteAllTextAsync(
            regions,
            FormattableString.Invariant(
                $"[{{ \"images\": \"sample*.jpg\", \"polygon\": [[{x - 1}, {y - 1}], [{x + 1}, {y - 1}], [{x}, {y + 2}]] }}]"),
            TestContext.Current.CancellationToken);

        var report = await Cli.JsonAsync([.. choices, "--regions", regions]);

        var result = report.GetProperty("images")[0].GetProperty("result");
        var options = result.GetProperty("options");
        Assert.Equal(
            """{"size":320,"overlap":0.25,"merge":"greedy"}""",
            JsonSerializer.Serialize(options.GetProperty("slices")));
        Assert.Equal(["person"], options.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(0.2, options.GetProperty("classThresholds").GetProperty("person").GetDouble(), 1e-6);
        Assert.Matches("^[0-9a-f]{64}$", options.GetProperty("regions").GetString()!);
        Assert.All(all.EnumerateArray(), found => Assert.Equal("person", found.GetProperty("className").GetString()));
        var kept = result.GetProperty("detections").EnumerateArray().Select(found => JsonSerializer.Serialize(found)).ToArray();
        Assert.Contains(JsonSerializer.Serialize(all[0]), kept);
        Assert.All(kept, found => Assert.Contains(found, all.EnumerateArray().Select(other => JsonSerializer.Serialize(other))));
        Assert.All(result.GetProperty("detections").EnumerateArray(), found =>
        {
            var (centreX, centreY) = Centre(found);
            Assert.True(Math.Abs(centreX - x) <= 1 && Math.Abs(centreY - y) <= 2);
        });

        static (double X, double Y) Centre(JsonElement found)
        {
            var box = found.GetProperty("box");
            double Of(string name) => box.GetProperty(name).GetDouble();
            return (Of("x") + (Of("width") / 2), Of("y") + (Of("height") / 2));
        }
    }

    [Theory]
    [InlineData("class_unknown", "--classes", "Person")]
    [InlineData("file_not_found", "--thresholds", "absent.json")]
    [InlineData("filter_invalid", "--regions", "text.json")]
    public async Task Detect_ChoiceThatCannotBe_FailsByName(string code, string option, string value)
    {
        await File.WriteAllTextAsync(_folder.File("text.json"), "{ \"polygon\": [] }", TestContext.Current.CancellationToken);

        var run = await Cli.RunAsync(
            "detect", "--model", model.Onnx, "--input", Path.Combine(DemoModel.Photos, Photo), "--output", _folder.File("out"),
            option, value.EndsWith(".json", StringComparison.Ordinal) ? _folder.File(value) : value);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"error: {code}: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detect_NoModel_FailsByName() =>
        await AssertFailsAsync("model_not_found", "--model", _folder.File("none.onnx"), "--input", DemoModel.Photos);

    [Fact]
    public async Task Detect_CheckpointAsModel_FailsByName() =>
        await AssertFailsAsync("not_an_onnx_model", "--model", model.Checkpoint, "--input", DemoModel.Photos);

    [Fact]
    public async Task Detect_ScoreOutOfRange_IsWrongUsageAndADocument()
    {
        var run = await Cli.RunAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("out"), "--score", "1.5", "--json");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(("wrong_usage", "--score: expected 0 to 1, found 1.5."), ReadFailure(run.Output));
    }

    [Theory]
    [InlineData("--score", "NaN")]
    [InlineData("--iou", "-0.1")]
    [InlineData("--max-detections", "0")]
    [InlineData("--max-detections", "1001")]
    [InlineData("--batch", "257")]
    [InlineData("--slice", "63")]
    public async Task Detect_OptionOutOfRange_IsWrongUsage(string option, string value)
    {
        var run = await Cli.RunAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("out"), option, value);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"usage: {option}: expected ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detect_NoImages_FailsByName() =>
        await AssertFailsAsync("no_images", "--model", model.Onnx, "--input", Directory.CreateDirectory(_folder.File("none")).FullName);

    [Fact]
    public async Task Detect_CudaWithoutGpu_FailsByName()
    {
        var doctor = await Cli.JsonAsync("doctor");
        var cuda = doctor.GetProperty("providers").EnumerateArray().Single(provider => provider.GetProperty("name").GetString() == "CUDA");
        if (cuda.GetProperty("usable").GetBoolean())
        {
            Assert.Skip("this machine can use CUDA, so its absence cannot be tested");
        }

        await AssertFailsAsync("provider_unavailable", "--model", model.Onnx, "--input", DemoModel.Photos, "--provider", "cuda");
        await AssertFailsAsync("provider_unavailable", "--model", model.Onnx, "--input", DemoModel.Photos, "--require-gpu");
    }

    /// <summary>Status, or code of the failure, by name.</summary>
    private static Dictionary<string, string?> Outcomes(CliRun run)
    {
        Assert.True(run.Output.StartsWith('{'), run.Error);
        return JsonDocument.Parse(run.Output).RootElement.GetProperty("images").EnumerateArray()
            .Select(image => image.GetProperty("result")).ToDictionary(
                result => result.GetProperty("image").GetProperty("name").GetString()!,
                result => result.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : result.GetProperty("status").GetString());
    }

    private async Task AssertFailsAsync(string code, params string[] arguments)
    {
        var run = await Cli.RunAsync(["detect", .. arguments, "--output", _folder.File("out"), "--json"]);
        Assert.StartsWith($"error: {code}: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal(code, ReadFailure(run.Output).Code);
    }

    private static (string Code, string Message) ReadFailure(string output)
    {
        var error = JsonDocument.Parse(output).RootElement.GetProperty("error");
        return (error.GetProperty("code").GetString()!, error.GetProperty("message").GetString()!);
    }

    private async Task<SortedDictionary<string, IReadOnlyList<Parity.ExpectedDetection>>> DetectAllAsync(string batch)
    {
        var report = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File(batch), "--batch", batch, "--provider", "cpu");
        return new(report.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("result")).ToDictionary(
            result => result.GetProperty("image").GetProperty("name").GetString()!, Parity.DetectionParity.Read));
    }

    private static async Task<DecodedImage> DecodeAsync(string path) =>
        ImageDecoder.Decode(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), new ImageLimits());

    private static int Difference(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var sum = 0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += Math.Abs(a[i] - b[i]);
        }

        return sum;
    }

    /// <summary>A PNG that announces a size and holds nothing of it.</summary>
    private static byte[] PngHeader(int width, int height)
    {
        var png = TestImages.Encoded(".png", 1, 1);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        return png;
    }
}
