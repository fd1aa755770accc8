using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.Cli.Tests.Packaging;

namespace Nanodet.Serverless.Cli.Tests.Documents;

/// <summary>
/// Types every command of the documents and of <c>--help</c> into a fresh shell, in their order, with the installed tool, in a folder that
/// holds files of the names that they use. Each has to succeed.
/// </summary>
[Collection(SharedTool.Name)]
public sealed partial class DocumentWalkTests(InstalledTool tool, DemoModel model, ITestOutputHelper output) : IAsyncDisposable
{
    /// <summary>What cannot run here, or has a test of its own.</summary>
    private static readonly string[] NotHere =
    [
        "--account ACCOUNT", // an account in Azure
        "--server https://", // an app in Azure
        "nanodet gpu-check", // GpuCheckCommandTests: it takes a minute
        "--data other", // a second app beside the first
    ];

    private readonly TemporaryFolder _folder = new();
    private Process? _app;
    private Task<string>? _appError;
    private string _job = "NONE";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            if (!_app.HasExited)
            {
                await Cli.TerminateAsync(_app.Id);
                await _app.WaitForExitAsync(CancellationToken.None);
            }

            _app.Dispose();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Documents_EveryCommand_Succeeds()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("the commands are typed into bash");
        }

        var all = DocumentCommands.All.Concat(HelpExamples.All.Values.SelectMany(examples => examples))
            .Select(line => Spaces().Replace(Comment().Replace(line, string.Empty), " ").Trim()).Distinct(StringComparer.Ordinal).ToList();
        var here = all.Where(line => !NotHere.Any(part => line.Contains(part, StringComparison.Ordinal))).ToList();
        Assert.All(NotHere, part => Assert.Contains(all, line => line.Contains(part, StringComparison.Ordinal)));
        await MakeFilesAsync();

        // The app that 'up' starts serves all that follow, and 'down' is the last word.
        var failed = new List<string>();
        foreach (var line in here.Where(line => line != "nanodet down").Append("nanodet down"))
        {
            var began = Stopwatch.StartNew();
            var problem = await TypeAsync(line);
            output.WriteLine($"{began.Elapsed.TotalSeconds,5:F1} s  {line}");
            if (problem is not null)
            {
                failed.Add($"{line}\n{problem}");
            }
        }

        Assert.True(failed.Count == 0, string.Join("\n\n", failed));
        Assert.InRange(here.Count, 50, 200);
        await AppHasEndedAsync();
    }

    /// <summary>Everything that the commands name, under these names.</summary>
    private async Task MakeFilesAsync()
    {
        string[] models = ["nanodet-plus-m_416", "better", "current", "ours", "theirs", "model"];
        string[] folders = ["photos", "more", "large", "val2017", "mosaics", "home", "node_modules/@vladmandic"];
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(_folder.File(folder));
        }

        Directory.CreateSymbolicLink(_folder.File("node_modules", "@vladmandic", "human"), DemoModel.Package);
        foreach (var config in (string[])["nanodet-plus-m_416.yml", "nanodet.yml", "C.yml"])
        {
            File.Copy(model.Config, _folder.File(config));
        }

        foreach (var checkpoint in (string[])["nanodet_model_best.pth", "nanodet.ckpt", "K.pth"])
        {
            File.Copy(model.Checkpoint, _folder.File(checkpoint));
        }

        foreach (var name in models)
        {
            File.Copy(model.Onnx, _folder.File($"{name}.onnx"));
        }

        foreach (var (from, to) in ((string, string)[])
            [("sample1", "photos/a.jpg"), ("sample2", "photos/b.jpg"), ("sample3", "more/c.jpg"), ("sample1", "large/d.jpg"),
             ("sample1", "val2017/a.jpg"), ("sample1", "mosaics/a.jpg")])
        {
            File.Copy(Path.Combine(DemoModel.Photos, $"{from}.jpg"), _folder.File(to.Split('/')));
        }

        // One person somewhere: what is measured here is whether the commands run.
        const string truth = """
            {
              "images": [{ "id": 1, "file_name": "a.jpg", "width": 600, "height": 600 }],
              "categories": [{ "id": 1, "name": "person" }],
              "annotations": [{ "id": 1, "image_id": 1, "category_id": 1, "bbox": [100, 100, 300, 400], "area": 120000, "iscrowd": 0 }]
            }
            """;
        foreach (var annotations in (string[])["instances_val2017.json", "instances.json", "mosaics/instances.json"])
        {
            // By then 'results' has results of several files that are called a.jpg, and one that is called d.jpg.
            var file = annotations == "instances.json" ? truth.Replace("a.jpg", "d.jpg", StringComparison.Ordinal) : truth;
            await File.WriteAllTextAsync(_folder.File(annotations.Split('/')), file, Token);
        }

        foreach (var names in (string[])["names.txt", "names.ndjson"])
        {
            await File.WriteAllTextAsync(_folder.File(names), "cam1/a.jpg\n\"cam1/b.jpg\"\n{ \"name\": \"cam1/missing.jpg\" }\n", Token);
        }
    }

    /// <returns>What went wrong, or null.</returns>
    private async Task<string?> TypeAsync(string line)
    {
        var verb = DocumentCommands.Calls(line).Last().Split(' ')[0];
        switch (verb)
        {
            case "up":
                return _app is null ? await UpAsync(line) : null;
            case "view" when line.Contains("better", StringComparison.Ordinal) && !Directory.Exists(_folder.File("better")):
                await RunAsync("nanodet detect --model better.onnx --input photos --output better --quiet");
                return await ViewAsync(Job().Replace(line, _job));
            case "view":
                return await ViewAsync(Job().Replace(line, _job));
            case "bench":
                line = Seconds().Replace(line, string.Empty) + " --seconds 0.2";
                break;
            case "cancel":
                await RunAsync("nanodet submit");
                break;
            case "retry" or "results" or "failures" when Job().IsMatch(line):
                // Whoever reads has waited for the job's end, and has mended what it found.
                await RunAsync($"nanodet watch {_job}");
                await UploadAsync("missing.jpg");
                break;
        }

        var run = await RunAsync(Job().Replace(line, _job));

        // A small job may be over before it is asked to end.
        return run.ExitCode == 0 || (verb == "cancel" && run.Error.Contains("\nerror: job_ended: ", StringComparison.Ordinal))
            ? null
            : $"exit code {run.ExitCode}\n{run.Output}\n{run.Error}";
    }

    private async Task<CliRun> RunAsync(string line)
    {
        using var process = Start(line);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(Token);
        var text = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        var run = new CliRun(process.ExitCode, text, await error);
        _job = JobId().Match(run.Output) is { Success: true } found ? found.Value : _job;
        return run;
    }

    private async Task<string?> UpAsync(string line)
    {
        _app = Start($"exec {line} --port 0");
        _appError = _app.StandardError.ReadToEndAsync(CancellationToken.None);
        if (!await SaysAsync(_app, "Ctrl+C stops everything"))
        {
            return await _appError;
        }

        await UploadAsync("a.jpg");
        await UploadAsync("b.jpg");
        return null;
    }

    /// <summary>
    /// Opens the page's address, then ends the command. By SIGTERM: whatever a shell runs in the background, these tests too, has Ctrl+C ignored.
    /// </summary>
    private async Task<string?> ViewAsync(string line)
    {
        using var process = Start($"exec {line}");
        var error = process.StandardError.ReadToEndAsync(Token);
        var page = Page().Match(await ReadUntilAsync(process, "Ctrl+C ends this"));
        if (!page.Success)
        {
            return await error;
        }

        string html;
        try
        {
            using var http = new HttpClient();
            html = await http.GetStringAsync(page.Value, Token);
        }
        finally
        {
            await Cli.TerminateAsync(process.Id);
            await process.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System, Token);
        }

        return html.Contains("</html>", StringComparison.Ordinal) && process.ExitCode is 0 or 143
            ? null
            : $"exit code {process.ExitCode}\n{html}\n{await error}";
    }

    private async Task UploadAsync(string name)
    {
        await using var stream = File.OpenRead(_folder.File(".nanodet", "up.json"));
        using var address = await JsonDocument.ParseAsync(stream, cancellationToken: Token);
        var images = new BlobContainerClient(address.RootElement.GetProperty("storage").GetString(), "images");
        await images.GetBlobClient($"cam1/{name}").UploadAsync(_folder.File("photos", name == "b.jpg" ? name : "a.jpg"), overwrite: true, Token);
    }

    private static async Task<bool> SaysAsync(Process process, string sign) =>
        (await ReadUntilAsync(process, sign)).Contains(sign, StringComparison.Ordinal);

    private static async Task<string> ReadUntilAsync(Process process, string sign)
    {
        var text = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(Token) is { } line)
        {
            text.AppendLine(line);
            if (line.Contains(sign, StringComparison.Ordinal))
            {
                break;
            }
        }

        return text.ToString();
    }

    private Process Start(string line)
    {
        var start = new ProcessStartInfo("bash", ["-c", line])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.Path,
        };
        start.Environment["PATH"] = tool.Commands + Path.PathSeparator + start.Environment["PATH"];

        // 'completion --install' writes to the user's shell. What npm has fetched before serves here, too.
        start.Environment["npm_config_cache"] = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".npm");
        start.Environment["HOME"] = _folder.File("home");
        return Process.Start(start)!;
    }

    private async Task AppHasEndedAsync()
    {
        Assert.NotNull(_app);
        await _app.WaitForExitAsync(Token);
        Assert.True(_app.ExitCode == 0, await _appError!);
        Assert.False(File.Exists(_folder.File(".nanodet", "up.json")));
        var written = await File.ReadAllTextAsync(_folder.File("results", "a.jpg.json"), Token);
        Assert.Contains("\"className\":\"person\"", written, StringComparison.Ordinal);
    }

    [GeneratedRegex(" +#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();

    [GeneratedRegex(" --seconds [0-9]+")]
    private static partial Regex Seconds();

    [GeneratedRegex("[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")]
    private static partial Regex JobId();

    [GeneratedRegex(@"\bJOB\b|(?<=--job )ID\b")]
    private static partial Regex Job();

    [GeneratedRegex("http://[^ ]+")]
    private static partial Regex Page();
}
