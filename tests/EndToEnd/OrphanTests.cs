using System.Diagnostics;
using System.Globalization;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>A worker whose host is killed, and whom nobody else ends.</summary>
public sealed class OrphanTests
{
    [Fact]
    public async Task Worker_HostKilledAndNoGuardLeft_EndsByItself()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        using var host = await ChildHost.StartAsync(deployment.Options("all"));
        await host.App.IsReadyAsync();
        using var worker = Process.GetProcessById(host.WorkerProcessId);

        // The local host puts a guard beside the worker, which other hosts do not have.
        foreach (var guard in Children(worker.Id))
        {
            using var process = Process.GetProcessById(guard);
            process.Kill();
        }

        await host.KillAsync();

        await worker.WaitForExitAsync(App.Cancellation).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, App.Cancellation);
    }

    // From /proc: a bare machine has no ps.
    private static IEnumerable<int> Children(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
                continue;
            }

            // "id (name) state parent ...", and a name may have spaces.
            if (int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) == parent)
            {
                yield return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            }
        }
    }
}
