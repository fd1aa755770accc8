using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary><c>nanodet down</c> against the lock and the request of an app; that of a whole app is with <c>nanodet up</c>.</summary>
public sealed class DownCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Down_NoApp_SaysSoAndLeavesNothing()
    {
        Assert.Equal(0, await RunAsync("--data", _folder.File("nowhere")));
        Assert.Equal(0, await RunAsync("--data", _folder.Path));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Down_AppThatEndsInTime_IsWaitedFor()
    {
        var data = new DirectoryInfo(_folder.Path);
        var held = AppLock.Take(_folder.Path);
        await using var stop = new StopRequest(data, TimeProvider.System);
        var down = RunAsync("--data", _folder.Path);
        var told = new TaskCompletionSource();
        stop.Token.Register(told.SetResult);
        await told.Task.WaitAsync(TestContext.Current.CancellationToken);

        Assert.False(down.IsCompleted);
        held.Dispose();
        Assert.Equal(0, await down);
        Assert.False(AppLock.IsHeld(data));
    }

    [Fact]
    public async Task Down_AppThatDoesNotEnd_FailsByNameAndTakesItsRequestBack()
    {
        using var held = AppLock.Take(_folder.Path);

        var failure = await Assert.ThrowsAsync<CliException>(() => RunAsync("--data", _folder.Path, "--timeout", "1"));

        Assert.Equal("app_still_running", failure.Code);
        Assert.Equal(["up.lock"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    private static Task<int> RunAsync(params string[] arguments) => DownCommand.Create().Parse(arguments).InvokeAsync(
        new System.CommandLine.InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);
}
