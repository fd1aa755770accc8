namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>
/// How <c>nanodet down</c> tells <c>nanodet up</c> to stop: a file in the data folder. No process is signalled, so that none is hit that
/// has another's number by now, and it works on every system.
/// </summary>
internal sealed class StopRequest : IAsyncDisposable
{
    private const string FileName = "up.stop";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watch;

    /// <summary>Looks for the file from now on; one that an earlier app left counts for nothing.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="clock">The clock.</param>
    public StopRequest(DirectoryInfo data, TimeProvider clock)
    {
        var path = PathIn(data);
        File.Delete(path);
        _watch = WatchAsync(path, clock);
    }

    /// <summary>Is cancelled when the app is told to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Tells the app of a data folder to stop.</summary>
    public static void Send(DirectoryInfo data) => File.WriteAllText(PathIn(data), string.Empty);

    /// <summary>Takes it back: nobody was there.</summary>
    public static void Remove(DirectoryInfo data) => File.Delete(PathIn(data));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watch;
        _end.Dispose();
        _stop.Dispose();
    }

    private static string PathIn(DirectoryInfo data) => Path.Combine(data.FullName, FileName);

    private async Task WatchAsync(string path, TimeProvider clock)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                if (File.Exists(path))
                {
                    // The file stays for whoever wrote it to remove: that may be somebody whose files this process must not touch.
                    await _stop.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The app ends by itself.
        }
    }
}
