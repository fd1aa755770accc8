using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary>Ctrl+C while a job is followed: the wait ends, the job does not, and the way back to it is said.</summary>
public sealed class InterruptTests : IAsyncLifetime
{
    private const string Running = """
        {
          "jobId": "20261127-120000-abcdef", "state": "running", "discovered": 9, "detected": 1, "failed": 0, "skipped": 0, "filtered": 0,
          "isListed": false, "imagesPerSecond": 1, "secondsLeft": null, "startedUtc": "2026-11-27T12:00:00Z", "endedUtc": null, "error": null
        }
        """;

    private readonly WebApplication _app;
    private readonly TaskCompletionSource _followed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    public InterruptTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Server => _app.Urls.Single() + "/";

    public async ValueTask InitializeAsync() => await _app.StartAsync(Token);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("INT", 130, "submit --prefix cam1/ --watch")]
    [InlineData("INT", 130, "watch 20261127-120000-abcdef")]
    [InlineData("TERM", 143, "watch 20261127-120000-abcdef")]
    public async Task Signal_WhileAJobIsFollowed_EndsTheWaitAndSaysHowToGoOn(string signal, int code, string line)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("a signal is sent with the programs env and kill of GNU");
        }

        // A shell has Ctrl+C ignored in whatever it runs in the background; env makes it a signal again, and becomes the program.
        string[] arguments = ["--default-signal=INT", "dotnet", Cli.Program, .. line.Split(' '), "--server", Server, "--json"];
        using var process = Process.Start(
            new ProcessStartInfo("env", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        await FollowsAsync().WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);

        await Cli.RunProgramAsync("sh", ["-c", $"kill -{signal} {process.Id}"]);
        var error = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);

        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}: {error}");
        const string job = "20261127-120000-abcdef";
        var expected = $"job {job} goes on in the app; follow it with 'nanodet watch {job} --server {Server}'.";
        Assert.Equal($"error: cancelled: {expected}", error.TrimEnd().Split('\n')[^1]);
        var failure = JsonDocument.Parse(await output).RootElement.GetProperty("error");
        Assert.Equal(("cancelled", expected), (failure.GetProperty("code").GetString(), failure.GetProperty("message").GetString()));
    }

    /// <summary>Nobody knows when standard input ends: the program has to end before.</summary>
    [Fact]
    public async Task Signal_WhileStandardInputIsRead_EndsTheProgram()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("a signal is sent with the programs env and kill of GNU");
        }

        using var folder = new TemporaryFolder();
        var model = folder.File("model.onnx");
        await File.WriteAllBytesAsync(model, [], Token);
        string[] arguments =
            ["--default-signal=INT", "dotnet", Cli.Program, "detect", "--model", model, "--list", "-", "--output", folder.File("out"), "--json"];
        using var process = Process.Start(new ProcessStartInfo("env", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        // More than a pipe holds: when it is written, most of it was read.
        var names = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"photos/{i:D6}.jpg\n"));
        await process.StandardInput.WriteAsync(names.AsMemory(), Token).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
        await Cli.RunProgramAsync("sh", ["-c", $"kill -INT {process.Id}"]);
        var output = await process.StandardOutput.ReadToEndAsync(Token).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
        await process.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);

        Assert.Equal(130, process.ExitCode);
        Assert.Equal("cancelled", JsonDocument.Parse(output).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    /// <summary>Until it has asked how far the job is twice: the first time may be before it follows.</summary>
    private Task FollowsAsync() => _followed.Task;

    private Task AnswerAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method) && Interlocked.Increment(ref _asked) == 2)
        {
            _followed.TrySetResult();
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Running, context.RequestAborted);
    }
}
