using System.Diagnostics;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hooks of azure.yaml with az, azd and curl that only note what they are asked for.</summary>
public sealed class HookTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-hooks-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Postprovision_WithACheckpoint_UploadsItAfterItsConfig()
    {
        await NoteAsync("az");
        var checkpoint = await FileAsync("nanodet_model_best.pth");
        var config = await FileAsync("training.yml");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", checkpoint), ("NANODET_CONFIG", config));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = await CallsAsync();
        Assert.Equal(2, calls.Length);
        Assert.Contains($"--container-name checkpoints --overwrite true --name nanodet_model_best.yml --file {config}", calls[0], StringComparison.Ordinal);
        Assert.Contains($"--name nanodet_model_best.pth --file {checkpoint}", calls[1], StringComparison.Ordinal);
        Assert.All(calls, call => Assert.Contains("--auth-mode login --account-name staccount", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Postprovision_RoleNotKnownYet_TriesAgain()
    {
        await NoteAsync("az", "[ \"$(grep -c . \"$CALLS\")\" -gt 2 ]");
        await NoteAsync("sleep");
        var file = await FileAsync("a.pth");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", file), ("NANODET_CONFIG", file));

        Assert.Equal(0, run.ExitCode);
        Assert.True((await CallsAsync()).Count(call => call.StartsWith("az ", StringComparison.Ordinal)) > 2);
    }

    [Fact]
    public async Task Postprovision_WithoutACheckpoint_SaysSoAndDoesNothing()
    {
        await NoteAsync("az");

        var run = await RunAsync("postprovision.sh");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("NANODET_CHECKPOINT", run.Output, StringComparison.Ordinal);
        Assert.Empty(await CallsAsync());
    }

    [Fact]
    public async Task Postprovision_FileThatIsMissing_Fails()
    {
        await NoteAsync("az");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", "/no/such.pth"), ("NANODET_CONFIG", "/no/such.yml"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/no/such.pth", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postdeploy_Everything_ProvisionsWithTheImageAndSendsAnImageTheWholeWay()
    {
        await NoteAsync("azd");
        await NoteAsync("curl");
        await StorageAsync("""{ "status": "detected", "provider": "CUDA" }""");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "registry.example/app:1"), ("NANODET_WORKER_NAME", "ca-worker"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Contains("ca-coordinator and ca-worker run registry.example/app:1.", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"provider\": \"CUDA\"", run.Output, StringComparison.Ordinal);
        var calls = await CallsAsync();
        Assert.Equal("azd provision --no-prompt --no-state", calls[0]);
        Assert.Contains("https://app.example/api/health", calls[1], StringComparison.Ordinal);
        Assert.Contains(calls, call => call.StartsWith("az storage blob delete", StringComparison.Ordinal));

        // What it sends when it is given nothing is an image.
        using var image = ImageDecoder.Decode(
            await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, "uploaded"), TestContext.Current.CancellationToken), new ImageLimits());
        Assert.Equal((32, 32), (image.Width, image.Height));
    }

    [Fact]
    public async Task Postdeploy_ImageThatFails_FailsWithTheResult()
    {
        await NoteAsync("azd");
        await NoteAsync("curl");
        await StorageAsync("""{ "status": "failed", "error": { "code": "model_not_served" } }""");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "registry.example/app:1"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("model_not_served", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postdeploy_WithoutAModel_SaysSoAndSendsNothing()
    {
        await NoteAsync("azd");
        await NoteAsync("curl");
        await NoteAsync("sleep");
        await NoteAsync("az", "echo false");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "registry.example/app:1"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("No model is published yet", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.Contains("upload", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Postdeploy_BeforeAzdDeployed_Fails()
    {
        await NoteAsync("azd");

        var run = await RunAsync("postdeploy.sh");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("SERVICE_APP_IMAGE_NAME", run.Error, StringComparison.Ordinal);
        Assert.Empty(await CallsAsync());
    }

    /// <summary>A command that notes its arguments and then does something.</summary>
    private async Task NoteAsync(string command, string then = "true")
    {
        var path = Path.Combine(_folder.FullName, command);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\necho \"{command} $*\" >>\"$CALLS\"\n{then}\n", Token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>az with every blob there; an upload is kept, a download gives the result.</summary>
    private Task StorageAsync(string result) => NoteAsync("az", $$"""
        file=$(echo "$*" | sed -n 's/.*--file \([^ ]*\).*/\1/p')
        case "$3" in
          exists) echo true ;;
          upload) cp "$file" "{{_folder.FullName}}/uploaded" ;;
          download) echo '{{result}}' >"$file" ;;
        esac
        """);

    private async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, name, Token);
        return path;
    }

    private async Task<string[]> CallsAsync()
    {
        var path = Path.Combine(_folder.FullName, "calls");
        return File.Exists(path) ? await File.ReadAllLinesAsync(path, Token) : [];
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string hook, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "hooks", hook)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["CALLS"] = Path.Combine(_folder.FullName, "calls");
        foreach (var (name, value) in settings.Concat(
        [
            ("NANODET_STORAGE_ACCOUNT", "staccount"), ("NANODET_APP_NAME", "ca-coordinator"), ("NANODET_APP_URI", "https://app.example"),
        ]))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var error = process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output, await error);
    }
}
