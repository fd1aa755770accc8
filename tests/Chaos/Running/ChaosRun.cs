using System.Diagnostics;
using Azure.Storage.Blobs;
using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.Chaos.Tests.Faults;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>Carries out a plan over the whole app, and looks what came of it.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>So many looks in a row have to find nothing to do: between two of them a trigger may show an upload once more.</summary>
    private const int CalmLooks = 15;

    private static readonly TimeSpan KillAnyway = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(20);

    // The listener's visibility timeout is ten minutes.
    private static readonly TimeSpan HiddenFor = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan ListsStayFor = TimeSpan.FromMinutes(5);

    private readonly ChaosPlan _plan;
    private readonly Action<string> _say;
    private readonly string _folder;
    private readonly StorageProcess _storage;
    private readonly Expectation _expected = new() { MayHide = true, MayKeepLists = true };
    private readonly Uploader _uploader;
    private readonly Progress _progress;
    private readonly List<Burner> _burners = [];
    private AppProcess? _app;
    private int _kills;

    private ChaosRun(ChaosPlan plan, Action<string> say, string folder, StorageProcess storage)
    {
        (_plan, _say, _folder, _storage) = (plan, say, folder, storage);
        _uploader = new Uploader(plan, Connection, _expected);
        _progress = new Progress(Connection, _expected);
    }

    private string Connection => _storage.Proxy.CalmConnectionString;

    private BlobServiceClient Blobs => new(Connection);

    /// <summary>Carries a plan out.</summary>
    /// <param name="plan">What happens.</param>
    /// <param name="say">Is told what happens.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ChaosOutcome> RunAsync(ChaosPlan plan, Action<string> say, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-chaos-").FullName;
        ChaosOutcome outcome;
        say($"everything is kept in {folder}");
        await using (var run = new ChaosRun(plan, say, folder, await StorageProcess.StartAsync(folder, cancellationToken)))
        {
            outcome = await run.RunAsync(cancellationToken);
        }

        if (outcome.IsGood)
        {
            Directory.Delete(folder, recursive: true);
            return outcome;
        }

        await File.WriteAllLinesAsync(
            Path.Combine(folder, "findings.txt"),
            [$"{outcome}", $"{plan}", .. outcome.Findings.Select(finding => $"{finding}")],
            cancellationToken);
        return outcome with { Folder = folder };
    }

    public async ValueTask DisposeAsync()
    {
        _burners.ForEach(burner => burner.Dispose());
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        await _storage.DisposeAsync();
        _uploader.Dispose();
    }

    private async Task<ChaosOutcome> RunAsync(CancellationToken cancellationToken)
    {
        await _storage.PrepareAsync([Uploader.StreamContainer, Uploader.JobContainer], cancellationToken);
        var images = await _uploader.UploadJobAsync(cancellationToken);
        var watch = Stopwatch.StartNew();
        _app = new AppProcess(Options(), Path.Combine(_folder, "app.log"));
        await (await _app.App).IsReadyAsync(120);
        _expected.Jobs[await (await _app.App).StartJobAsync(
            new { container = Uploader.JobContainer, prefix = "", batchSize = _plan.BatchSize, pageSize = 200 })] = images;

        _burners.AddRange(Enumerable.Range(0, _plan.Burners).Select(_ => Burner.Start()));
        _storage.Proxy.Downloading = async path =>
        {
            // From its beginning: the record of such an image has the same folders in its name, and kills nobody.
            var kills = path.StartsWith(
                $"/{Blobs.AccountName}/{Uploader.StreamContainer}/{Uploader.KillerFolder}/", StringComparison.Ordinal);
            if (kills)
            {
                await _app.KillWorkerAsync();
            }

            return kills;
        };
        _storage.Proxy.Inject(new FaultRules(_plan.Seed, _plan.FaultShare) { LosesReceived = _plan.WaitsForHidden });
        await AllAsync([_uploader.UploadStreamAsync, PublishAsync, KillAsync], cancellationToken);

        _storage.Proxy.Inject(null);
        var last = Stopwatch.StartNew();
        _progress.Mark();
        Say("the last fault is over");
        await EndAsync(last, cancellationToken);
        var (took, recovery, silence, isDone) = (watch.Elapsed, last.Elapsed, _progress.LongestSilence, _progress.IsDone);
        var hidden = _progress.Hidden;
        _burners.ForEach(burner => burner.Dispose());
        _burners.Clear();
        if (isDone && _plan.WaitsForHidden)
        {
            await HiddenComeBackAsync(cancellationToken);
            await ListsGoAsync(cancellationToken);
        }

        var findings = Auditor.Audit(await AccountState.ReadAsync(Connection, cancellationToken), _expected);
        return new ChaosOutcome(
            _plan, _kills, _app.Starts, _storage.Proxy.Faults, took, silence, hidden, recovery, isDone, findings, Folder: null);
    }

    /// <summary>Does all of it at the same time; when one fails, the others end.</summary>
    private static async Task AllAsync(IReadOnlyList<Func<CancellationToken, Task>> all, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = all.Select(one => one(either.Token)).ToList();
        await foreach (var ended in Task.WhenEach(tasks).WithCancellation(cancellationToken))
        {
            if (!ended.IsCompletedSuccessfully)
            {
                await either.CancelAsync();
                await ended;
            }
        }
    }

    private FunctionHostOptions Options()
    {
        var settings = new Dictionary<string, string>(AppSettings.ForRole("all"))
        {
            ["Nanodet__Model__CacheFolder"] = Path.Combine(_folder, "models"),
            ["Nanodet__Model__PollInterval"] = "00:00:01",
            ["Nanodet__Storage__MoreImages__0"] = Uploader.JobContainer,
            ["AzureWebJobs.CheckpointUploaded.Disabled"] = "true",
        };
        foreach (var (name, value) in _plan.Settings)
        {
            settings[name] = value;
        }

        return new FunctionHostOptions
        {
            AppDirectory = Deployment.AppDirectory,
            HostId = "chaos",
            StorageConnectionString = _storage.Proxy.ConnectionString,
            Settings = settings,
        };
    }

    /// <summary>Another model, and back, evenly spread over the uploads.</summary>
    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        var models = Blobs.GetBlobContainerClient("models");
        for (var i = 0; i < 2 * _plan.Publications; i++)
        {
            var share = (i + 1.0) / ((2 * _plan.Publications) + 1);
            while (_uploader.Uploaded < share * _plan.StreamImages)
            {
                await Task.Delay(Look, TimeProvider.System, cancellationToken);
            }

            await (i % 2 == 0 ? TestModel.PublishAsync(models, TestModel.Other, "2") : TestModel.PublishAsync(models, TestModel.Good, "1"));
            Say(i % 2 == 0 ? "published" : "rolled back");
        }
    }

    /// <summary>Kills, evenly spread over the records; where none come, after a minute.</summary>
    private async Task KillAsync(CancellationToken cancellationToken)
    {
        foreach (var (index, victim) in _plan.Kills.Index())
        {
            var share = (index + 1.0) / (_plan.Kills.Count + 1);
            var since = Stopwatch.StartNew();
            do
            {
                await _progress.LookAsync(cancellationToken);
            }
            while (_progress.Right < share * (_plan.JobImages + _plan.StreamImages)
                && (_progress.Silence < KillAnyway || since.Elapsed < KillAnyway));

            Say($"kills {victim}");
            _kills++;
            switch (victim)
            {
                case Victim.Worker:
                    await _app!.KillWorkerAsync();
                    break;
                case Victim.Host:
                    _app!.Kill();
                    break;
                default:
                    await _storage.KillAsync(cancellationToken);
                    break;
            }
        }
    }

    private async Task EndAsync(Stopwatch last, CancellationToken cancellationToken)
    {
        var said = Stopwatch.StartNew();
        var calm = 0;
        do
        {
            await _progress.LookAsync(cancellationToken);
            calm = _progress.IsDone ? calm + 1 : 0;
            if (said.Elapsed > TimeSpan.FromSeconds(15))
            {
                said.Restart();
                Say("waits");
            }
        }
        while (calm < CalmLooks && _progress.Silence < 2 * _plan.LongestSilence && _progress.Hidden < HiddenFor && last.Elapsed < GiveUp);
        Say(_progress.IsDone ? "done" : "gives up");
    }

    /// <summary>What comes back must change nothing: the audit is that of an account at rest.</summary>
    private async Task HiddenComeBackAsync(CancellationToken cancellationToken)
    {
        _expected.MayHide = false;
        var since = Stopwatch.StartNew();
        do
        {
            await _progress.LookAsync(cancellationToken);
        }
        while (!_progress.IsDone && since.Elapsed < HiddenFor);
        Say("at rest");
    }

    /// <summary>Waits until the app's timer has looked at the lists that are left, as it does with those that are two minutes old.</summary>
    private async Task ListsGoAsync(CancellationToken cancellationToken)
    {
        _expected.MayKeepLists = false;
        var staging = Blobs.GetBlobContainerClient("staging");
        var since = Stopwatch.StartNew();
        while ((await AccountState.NamesAsync(staging, cancellationToken)).Any(AccountState.IsList) && since.Elapsed < ListsStayFor)
        {
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }
    }

    private void Say(string what) => _say(
        $"{TimeProvider.System.GetUtcNow():HH:mm:ss} {what}: {_progress.Rest}, {_storage.Proxy.Faults} faults, "
            + $"{_uploader.Uploaded} uploaded");
}
