using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.Cli.Tests.Output;
using Nanodet.Serverless.Cli.Tests.Parity;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary>The commands of a user who runs the whole app on one machine: real worker process, official engines, Azurite.</summary>
public sealed class CloudCommandTests(RunningApp app, DemoModel model) : IClassFixture<RunningApp>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Up_DemoModel_SaysWhereEverythingIs()
    {
        Assert.Equal("nanodet-g", app.Report.GetProperty("model").GetString());
        Assert.StartsWith("http://", app.Report.GetProperty("server").GetString(), StringComparison.Ordinal);
        Assert.Contains("BlobEndpoint=", app.Report.GetProperty("storage").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DetectStorage_Photos_GivesWhatDetectGives()
    {
        var here = await Cli.JsonAsync("detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", _folder.File("here"), "--provider", "cpu");
        var there = await Cli.JsonAsync("detect", "--storage", "--data", app.Data, "--input", DemoModel.Photos, "--output", _folder.File("there"), "--annotate");

        Assert.Equal(here.GetProperty("images").GetArrayLength(), there.GetProperty("images").GetArrayLength());
        foreach (var (local, stored) in here.GetProperty("images").EnumerateArray().Zip(there.GetProperty("images").EnumerateArray()))
        {
            var result = stored.GetProperty("result");
            Assert.EndsWith(local.GetProperty("result").GetProperty("image").GetProperty("name").GetString()!, result.GetProperty("image").GetProperty("name").GetString(), StringComparison.Ordinal);
            Assert.Equal("images", result.GetProperty("image").GetProperty("container").GetString());
            Assert.Equal(
                DetectionParity.Read(local.GetProperty("result")).Select(detection => (detection.ClassId, Math.Round(detection.Score, 3))),
                DetectionParity.Read(result).Select(detection => (detection.ClassId, Math.Round(detection.Score, 3))));
            Assert.True(File.Exists(stored.GetProperty("resultFile").GetString()));
            Assert.True(File.Exists(stored.GetProperty("annotatedFile").GetString()));
        }
    }

    [Fact]
    public async Task DetectStorage_OtherOptionsThanTheApps_AreThoseOfTheResults()
    {
        var input = Directory.CreateDirectory(_folder.File("in")).FullName;
        File.Copy(Path.Combine(DemoModel.Photos, "sample1.jpg"), Path.Combine(input, "one.jpg"));
        var report = await Cli.JsonAsync("detect", "--storage", "--data", app.Data, "--input", input, "--output", _folder.File("out"), "--score", "0.1");
        var result = report.GetProperty("images")[0].GetProperty("result");
        Assert.Equal(0.1, result.GetProperty("options").GetProperty("scoreThreshold").GetDouble(), 1e-6);
        Assert.Contains(DetectionParity.Read(result), detection => detection.Score < 0.35);
    }

    [Fact]
    public async Task DetectStorage_BadImage_IsNamedAndTheOthersAreDetected()
    {
        var input = Directory.CreateDirectory(_folder.File("in")).FullName;
        File.Copy(Path.Combine(DemoModel.Photos, "sample2.jpg"), Path.Combine(input, "good.jpg"));
        await File.WriteAllTextAsync(Path.Combine(input, "bad.jpg"), "no image", TestContext.Current.CancellationToken);
        var run = await Cli.RunAsync("detect", "--storage", "--data", app.Data, "--input", input, "--output", _folder.File("out"), "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("not_an_image", run.Error, StringComparison.Ordinal);
        var images = JsonDocument.Parse(run.Output).RootElement.GetProperty("images");
        Assert.Equal(["failed", "detected"], images.EnumerateArray().Select(image => image.GetProperty("result").GetProperty("status").GetString()));
    }

    [Fact]
    public async Task SubmitAndWatch_NothingUnderThePrefix_CompletesWithZeroImages()
    {
        var job = await Cli.JsonAsync("submit", "--data", app.Data, "--prefix", "nothing/here/");
        var end = await Cli.JsonAsync("watch", job.GetProperty("jobId").GetString()!, "--data", app.Data);
        Assert.Equal("completed", end.GetProperty("state").GetString());
        Assert.Equal(0, end.GetProperty("discovered").GetInt32());
    }

    [Fact]
    public async Task PublishModelsRollback_SecondModel_ServesWithoutARestart()
    {
        const string precision = "int8";
        var other = _folder.File("other.onnx");
        var photo = Directory.CreateDirectory(_folder.File("photo")).FullName;
        File.Copy(Path.Combine(DemoModel.Photos, "sample1.jpg"), Path.Combine(photo, "one.jpg"));
        await Cli.JsonAsync(
            "export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", other, "--precision", precision, "--calibration", photo);
        var first = (await Cli.JsonAsync("models", "--data", app.Data)).GetProperty("models").EnumerateArray().Single(published => published.GetProperty("isCurrent").GetBoolean());

        Assert.Equal("fp32", first.GetProperty("precision").GetString());
        var second = await Cli.JsonAsync("publish", "--model", other, "--version-name", precision, "--data", app.Data);
        Assert.Equal(("nanodet-g-int8", precision), (second.GetProperty("name").GetString(), second.GetProperty("version").GetString()));
        var listed = (await Cli.JsonAsync("models", "--data", app.Data)).GetProperty("models").EnumerateArray().First();
        Assert.Equal((precision, true), (listed.GetProperty("precision").GetString(), listed.GetProperty("isCurrent").GetBoolean()));
        Assert.Equal($"nanodet-g/{first.GetProperty("version").GetString()}", second.GetProperty("previous").GetString());
        await UntilServesAsync(second.GetProperty("sha256").GetString()!);

        var same = _folder.File("same-name.onnx");
        await Cli.JsonAsync(
            "export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", same, "--name", "nanodet-g-int8");
        var taken = await Cli.RunAsync("publish", "--model", same, "--version-name", precision, "--data", app.Data);
        Assert.Equal(1, taken.ExitCode);
        Assert.Contains("\nerror: model_version_taken: ", taken.Error, StringComparison.Ordinal);

        var back = await Cli.JsonAsync("rollback", "--data", app.Data);
        Assert.Equal(first.GetProperty("sha256").GetString(), back.GetProperty("sha256").GetString());
        await UntilServesAsync(back.GetProperty("sha256").GetString()!);
        var unknown = await Cli.RunAsync("rollback", "--to", "nanodet-g/never", "--data", app.Data);
        Assert.Contains("\nerror: model_not_published: ", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishModelsRollback_SeveralForms_GoTogether()
    {
        var first = (await Cli.JsonAsync("models", "--data", app.Data)).GetProperty("models").EnumerateArray().Single(published => published.GetProperty("isCurrent").GetBoolean());
        var output = _folder.File("forms.onnx");
        await Cli.JsonAsync("export", "--config", model.Config, "--checkpoint", model.Checkpoint, "--output", output, "--forms", "gpu-fp32,gpu-fp16");

        var second = await Cli.JsonAsync("publish", "--model", output, "--data", app.Data);
        var listed = (await Cli.JsonAsync("models", "--data", app.Data)).GetProperty("models").EnumerateArray().Single(published => published.GetProperty("isCurrent").GetBoolean());
        Assert.Equal(["cpu-fp32", "gpu-fp32", "gpu-fp16"], listed.GetProperty("forms").EnumerateArray().Select(form => form.GetString()));
        Assert.Equal(second.GetProperty("version").GetString(), listed.GetProperty("version").GetString());

        await File.WriteAllBytesAsync(_folder.File("forms.gpu-fp16.onnx"), await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var changed = await Cli.RunAsync("publish", "--model", output, "--data", app.Data);
        Assert.StartsWith("error: forms_changed: ", changed.Error, StringComparison.Ordinal);

        var back = await Cli.JsonAsync("rollback", "--data", app.Data);
        Assert.Equal(first.GetProperty("version").GetString(), back.GetProperty("version").GetString());
        await UntilServesAsync(back.GetProperty("sha256").GetString()!);
    }

    [Fact]
    public async Task DoctorStorage_RunningApp_EverythingWorks()
    {
        var storage = (await Cli.JsonAsync("doctor", "--storage", "--data", app.Data)).GetProperty("storage");
        Assert.False(storage.GetProperty("byIdentity").GetBoolean());
        Assert.Equal(11, storage.GetProperty("checks").GetArrayLength());
        Assert.All(storage.GetProperty("checks").EnumerateArray(), check => Assert.True(check.GetProperty("passed").GetBoolean(), $"{check}"));
    }

    [Fact]
    public async Task Up_FolderOfAnotherApp_FailsByName()
    {
        var run = await Cli.RunAsync("up", "--data", app.Data, "--port", "0");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: already_running: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--provider: not with --storage", "--provider", "cpu")]
    [InlineData("--batch, --require-gpu, --tf32: not with --storage", "--batch", "4", "--require-gpu", "--tf32")]
    [InlineData("--server: 'detect' works on the app's storage", "--server", "http://127.0.0.1:7071")]
    public async Task DetectStorage_OptionOfTheOtherWay_IsWrongUsage(string expected, params string[] options)
    {
        var run = await Cli.RunAsync(["detect", "--storage", "--data", app.Data, "--input", DemoModel.Photos, "--output", _folder.Path, .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://example.org")]
    [InlineData("example.org")]
    public async Task Submit_ServerThatIsNone_IsWrongUsage(string server)
    {
        var run = await Cli.RunAsync("submit", "--server", server);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("expected an http or https address", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_NobodyListens_FailsByName()
    {
        // Port 9 (discard) has no HTTP server.
        var run = await Cli.RunAsync("submit", "--server", "http://127.0.0.1:9");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("target: the app at http://127.0.0.1:9/\nerror: app_unreachable: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models")]
    [InlineData("jobs")]
    [InlineData("job JOB")]
    [InlineData("cancel JOB")]
    public async Task List_InSixtyColumns_Fits(string line)
    {
        if (Terminal.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        const int Columns = 60;
        var job = await Cli.JsonAsync("submit", "--data", app.Data, "--prefix", "nothing/here/");
        string[] arguments = line.Replace("JOB", job.GetProperty("jobId").GetString(), StringComparison.Ordinal).Split(' ');

        var (code, lines, raw) = await Terminal.RunAsync(Columns, new Dictionary<string, string>(), [.. arguments, "--data", app.Data]);

        // A job of nothing may be over before it is asked to end. What goes to standard error is a sentence, and no table.
        Assert.True(code == 0 || raw.Contains("error: job_ended: ", StringComparison.Ordinal), raw);
        var answer = lines.Where(text => text.Length > 0 && !text.StartsWith("target: ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(answer);
        Assert.True(code != 0 || answer.All(text => text.Length <= Columns), raw);
    }

    [Fact]
    public async Task Cancel_JobUnderWay_AnswersWithIt()
    {
        // More names than any machine looks for before the next command has begun.
        await File.WriteAllLinesAsync(
            _folder.File("many.txt"), Enumerable.Range(0, 50_000).Select(i => $"cancelled/{i:D5}.jpg"), TestContext.Current.CancellationToken);
        var started = await Cli.JsonAsync("submit", "--data", app.Data, "--manifest", _folder.File("many.txt"));
        var job = started.GetProperty("jobId").GetString()!;

        var answer = await Cli.JsonAsync("cancel", job, "--data", app.Data);

        Assert.Equal(job, answer.GetProperty("jobId").GetString());
        Assert.Contains(answer.GetProperty("state").GetString(), (string[])["running", "cancelled"]);
        var watched = await Cli.RunAsync("watch", job, "--data", app.Data, "--json");
        var end = JsonDocument.Parse(watched.Output).RootElement;
        Assert.Equal((1, "cancelled"), (watched.ExitCode, end.GetProperty("state").GetString()));
    }

    /// <summary>An app that is named by its address gives the results that its storage holds.</summary>
    private async Task ByAddress_GivesTheSameAsync(string id, string[] lines)
    {
        string[] target = ["--server", app.Report.GetProperty("server").GetString()!];
        var file = _folder.File("by-address.ndjson");
        var results = await Cli.JsonAsync(["results", id, "--output", file, .. target]);
        Assert.Equal(lines.LongLength, results.GetProperty("lines").GetInt64());
        Assert.Equal(lines, await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        var failure = Assert.Single((await Cli.JsonAsync(["failures", id, .. target])).GetProperty("failures").EnumerateArray());
        Assert.Equal("not_an_image", failure.GetProperty("code").GetString());
        foreach (var source in (string[][])[["--job", id], ["--prefix", Path.GetDirectoryName(failure.GetProperty("name").GetString())!]])
        {
            var export = await Cli.JsonAsync(
                ["results", "export", .. source, "--format", "csv", "--output", _folder.File("by-address.csv"), .. target]);
            Assert.Equal((2, 1), (export.GetProperty("images").GetInt32(), export.GetProperty("failures").GetInt32()));
        }

        // More names than a request has room for.
        var name = failure.GetProperty("name").GetString()!;
        await File.WriteAllLinesAsync(
            _folder.File("long.txt"),
            Enumerable.Range(0, 2000).Select(i => $"gone/an-image-with-a-longer-name-than-most-{i:D5}.jpg").Append(name),
            TestContext.Current.CancellationToken);
        var listed = await Cli.RunAsync(
            ["submit", "--manifest", _folder.File("long.txt"), "--watch", "--json", "--batch-size", "500", "--force", .. target]);
        var byList = JsonDocument.Parse(listed.Output).RootElement;
        Assert.Equal((2001, "completed"), (byList.GetProperty("discovered").GetInt32(), byList.GetProperty("state").GetString()));
        Assert.Equal(2000, byList.GetProperty("failures").GetProperty("blob_not_found").GetInt32());

        var nowhere = await Cli.RunAsync(
            ["results", "export", "--prefix", "nowhere/", "--format", "csv", "--output", _folder.File("none.csv"), .. target]);
        Assert.Equal(1, nowhere.ExitCode);
        Assert.Contains("\nerror: no_results: ", nowhere.Error, StringComparison.Ordinal);
        var unknown = await Cli.RunAsync(["failures", "20000101-000000-000000", .. target]);
        Assert.Contains("\nerror: job_not_found: ", unknown.Error, StringComparison.Ordinal);
    }

    private async Task UntilServesAsync(string sha256)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Report.GetProperty("server").GetString()!) };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            using var health = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri("api/health/details", UriKind.Relative), deadline.Token));
            if (health.RootElement.GetProperty("model").GetProperty("sha256").GetString() == sha256)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, deadline.Token);
        }
    }

    [Fact]
    public async Task Jobs_OneThatEndedWithAFailure_AreListedShownFetchedAndRetried()
    {
        var input = Directory.CreateDirectory(_folder.File("in")).FullName;
        File.Copy(Path.Combine(DemoModel.Photos, "sample2.jpg"), Path.Combine(input, "good.jpg"));
        await File.WriteAllTextAsync(Path.Combine(input, "bad.jpg"), "no image", TestContext.Current.CancellationToken);
        var detected = await Cli.RunAsync(
            "detect", "--storage", "--data", app.Data, "--input", input, "--output", _folder.File("out"), "--json");
        var id = JsonDocument.Parse(detected.Output).RootElement.GetProperty("jobId").GetString()!;

        var jobs = (await Cli.JsonAsync("jobs", "--data", app.Data)).GetProperty("jobs").EnumerateArray();
        Assert.Contains(jobs, listed => listed.GetProperty("jobId").GetString() == id);
        var job = await Cli.JsonAsync("job", id, "--data", app.Data);
        Assert.Equal(1, job.GetProperty("failures").GetProperty("not_an_image").GetInt32());
        var shown = await Cli.RunAsync("job", id, "--data", app.Data);
        Assert.Contains("failures:\n  not_an_image", shown.Output, StringComparison.Ordinal);
        Assert.Contains("objects:\n  person", shown.Output, StringComparison.Ordinal);

        // The app sees the uploads by itself, too: what it was first with, the job skips.
        Assert.Equal(2, job.GetProperty("discovered").GetInt32());
        var failure = Assert.Single((await Cli.JsonAsync("failures", id, "--data", app.Data)).GetProperty("failures").EnumerateArray());
        Assert.EndsWith("/bad.jpg", failure.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal("not_an_image", failure.GetProperty("code").GetString());
        var others = await Cli.JsonAsync("failures", id, "--data", app.Data, "--code", "image_truncated");
        Assert.Empty(others.GetProperty("failures").EnumerateArray());

        var file = _folder.File("results.ndjson");
        var results = await Cli.JsonAsync("results", id, "--data", app.Data, "--output", file);
        Assert.Equal(1, results.GetProperty("failed").GetInt64());
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(results.GetProperty("lines").GetInt64(), lines.LongLength);
        Assert.All(lines, line => Assert.StartsWith("{", line, StringComparison.Ordinal));

        await ByAddress_GivesTheSameAsync(id, lines);

        var exported = _folder.File("results.csv");
        var export = await Cli.JsonAsync(
            "results", "export", "--job", id, "--data", app.Data, "--format", "csv", "--output", exported);
        Assert.Equal((2, 1), (export.GetProperty("images").GetInt32(), export.GetProperty("failures").GetInt32()));
        Assert.Contains("not_an_image", await File.ReadAllTextAsync(exported, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // By list, with an export of its own at the end; the same bytes fail again, so a retry takes them only when it is forced.
        var name = failure.GetProperty("name").GetString()!;
        await File.WriteAllLinesAsync(_folder.File("names.txt"), [name, name, "gone.jpg"], TestContext.Current.CancellationToken);
        var listed = await Cli.RunAsync(
            "submit", "--manifest", _folder.File("names.txt"), "--output-format", "ndjson", "--data", app.Data, "--watch", "--json");
        var byList = JsonDocument.Parse(listed.Output).RootElement;
        Assert.Equal((2, 0), (byList.GetProperty("discovered").GetInt32(), byList.GetProperty("filtered").GetInt32()));
        var records = await Cli.JsonAsync(
            "results", "export", "--prefix", name, "--data", app.Data, "--format", "ndjson", "--output", _folder.File("records.ndjson"));
        Assert.Equal(1, records.GetProperty("failures").GetInt32());
        var nothing = await Cli.RunAsync("retry", id, "--watch", "--data", app.Data, "--json");
        Assert.Equal(0, JsonDocument.Parse(nothing.Output).RootElement.GetProperty("discovered").GetInt32());
        var retried = await Cli.RunAsync("retry", id, "--force", "--watch", "--data", app.Data, "--json");
        Assert.Equal(1, retried.ExitCode);
        Assert.Equal(1, JsonDocument.Parse(retried.Output).RootElement.GetProperty("failed").GetInt32());
        Assert.Contains(" has begun\n", retried.Error, StringComparison.Ordinal);

        var cancelled = await Cli.RunAsync("cancel", id, "--data", app.Data);
        Assert.Equal(1, cancelled.ExitCode);
        Assert.Contains("\nerror: job_ended: ", cancelled.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failures")]
    [InlineData("results")]
    public async Task JobResults_UnknownJob_FailsByName(string command)
    {
        string[] output = command == "results" ? ["--output", _folder.File("results.ndjson")] : [];
        var run = await Cli.RunAsync([command, "nobody", "--data", app.Data, .. output]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("\nerror: job_not_found: ", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("results.ndjson")));
    }

    [Fact]
    public async Task Watch_UnknownJob_FailsByName()
    {
        var run = await Cli.RunAsync("watch", "nobody", "--data", app.Data);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("\nerror: job_not_found: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_BadThreshold_IsWrongUsage()
    {
        var run = await Cli.RunAsync("submit", "--data", app.Data, "--error-threshold", "many");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("usage: --error-threshold: errorThreshold", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_NoAppRuns_FailsByName()
    {
        var run = await Cli.RunAsync("submit", "--data", _folder.File("nowhere"));
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: app_not_running: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detect_ModelAndStorage_IsWrongUsage()
    {
        var run = await Cli.RunAsync("detect", "--model", model.Onnx, "--storage", "--input", DemoModel.Photos, "--output", _folder.Path);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("either --model", run.Error, StringComparison.Ordinal);
    }
}
