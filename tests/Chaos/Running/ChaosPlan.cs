namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>What happens in a run. Everything that is drawn follows from <see cref="Seed"/>.</summary>
internal sealed record ChaosPlan
{
    /// <summary>Of everything that is drawn.</summary>
    public required int Seed { get; init; }

    /// <summary>Images of the job.</summary>
    public required int JobImages { get; init; }

    /// <summary>Images that are uploaded one by one while the app runs.</summary>
    public required int StreamImages { get; init; }

    /// <summary>What is killed, in this order, evenly spread over the work.</summary>
    public required IReadOnlyList<Victim> Kills { get; init; }

    /// <summary>Share of the requests to storage that fail or are late.</summary>
    public double FaultShare { get; init; }

    /// <summary>Share of the images that are no images, or end too early.</summary>
    public double CorruptShare { get; init; } = 0.02;

    /// <summary>Share of the uploads that are followed by an upload of another content under an earlier name.</summary>
    public double OverwrittenShare { get; init; } = 0.05;

    /// <summary>Images that kill the worker that reads them, and have to end as <see cref="KillerCode"/>.</summary>
    /// <value>Default 0.</value>
    public int Killers { get; init; }

    /// <summary>The failure code of images that kill their worker.</summary>
    public string KillerCode { get; init; } = "worker_crashed";

    /// <summary>How often another model is published, and then rolled back.</summary>
    public int Publications { get; init; }

    /// <summary>Processes that do nothing but compute.</summary>
    public int Burners { get; init; }

    /// <summary>Images of a batch of the job.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Pause between two uploads.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Settings beside those of every run.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The longest time without progress after the last fault.</summary>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Whether the run waits until messages that a killed process had taken have come back: ten minutes.</summary>
    public bool WaitsForHidden { get; init; }

    /// <summary>
    /// Small enough for every test run: without a death of the host and without an image that kills, which <see cref="Long"/> has and
    /// tests of their own.
    /// </summary>
    public static ChaosPlan Short(int seed) => new()
    {
        Seed = seed,
        JobImages = 40,
        StreamImages = 40,
        Kills = [Victim.Worker, Victim.Storage, Victim.Worker],
        FaultShare = 0.05,
        Publications = 1,
        Burners = 1,
        Pace = TimeSpan.FromMilliseconds(100),

        // A batch whose event was lost is looked for sooner, so that a run takes a minute and not ten.
        Settings = new Dictionary<string, string>
        {
            ["Nanodet__Orchestrations__BatchWait"] = "00:00:05",
            ["Nanodet__Orchestrations__LongestBatchWait"] = "00:00:05",
        },
    };

    /// <summary>A thousand images in a job, a thousand in a stream, ten kills.</summary>
    public static ChaosPlan Long(int seed, int images = 1000)
    {
        Victim[] kills =
        [
            .. Enumerable.Repeat(Victim.Worker, 5), .. Enumerable.Repeat(Victim.Host, 3), .. Enumerable.Repeat(Victim.Storage, 2),
        ];
        new Random(seed).Shuffle(kills);
        return new ChaosPlan
        {
            Seed = seed,
            JobImages = images,
            StreamImages = images,
            Kills = kills,
            FaultShare = 0.1,
            Publications = 2,
            Killers = 1,
            Burners = 2,
            WaitsForHidden = true,

            // The timer of a wait lies in the engine's queue until its time, however long its instance has ended: nothing is at rest before.
            Settings = new Dictionary<string, string> { ["Nanodet__Orchestrations__LongestBatchWait"] = "00:02:00" },
        };
    }
}
