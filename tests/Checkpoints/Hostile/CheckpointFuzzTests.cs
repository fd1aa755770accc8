using System.Diagnostics;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Hostile;

/// <summary>Randomly damaged checkpoints and configs through reader and exporter: a model, or an exception of this project.</summary>
public class CheckpointFuzzTests(ITestOutputHelper output)
{
    private const long MaxAllocated = 200L << 20;

    private static readonly string[] Targets = ["zip", "pickle", "storage", "legacy", "safetensors", "config"];
    private static readonly List<(string Name, byte[] Content)> Records = ArchiveBuilder.Unzip(TinyCheckpoints.Zip);

    [Fact]
    public void Export_DamagedAtRandom_IsExportedOrRefused()
    {
        var run = new Run();
        for (var seed = 0; seed < 1800; seed++)
        {
            run.Step(seed);
        }

        // Were nothing or everything refused, this would look at nothing.
        Assert.All(Targets, target => Assert.InRange(run.Refused[target], 1, run.Tried[target]));
        Assert.InRange(run.Refused.Values.Sum(), 600, 1799);
        output.WriteLine(run.ToString());
    }

    /// <summary>The same with new seeds for a minute. Run it by name, with -explicit only.</summary>
    [Fact(Explicit = true)]
    public void Measure_OneMinute_FindsNothingElse()
    {
        var run = new Run();
        var watch = Stopwatch.StartNew();
        for (var seed = 1_000_000; watch.Elapsed < TimeSpan.FromMinutes(1); seed++)
        {
            run.Step(seed);
        }

        output.WriteLine(run.ToString());
    }

    private sealed class Run
    {
        private long _mostAllocated;
        private TimeSpan _longest;

        public Dictionary<string, int> Tried { get; } = Targets.ToDictionary(target => target, _ => 0);

        public Dictionary<string, int> Refused { get; } = Targets.ToDictionary(target => target, _ => 0);

        public void Step(int seed)
        {
            var mutator = new Mutator(seed);
            var target = Targets[seed % Targets.Length];
            var (checkpoint, config) = Make(target, mutator);
            Tried[target]++;
            var start = Stopwatch.GetTimestamp();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ModelExporter.Export(checkpoint, config, "fuzz");
            }
            catch (CheckpointException)
            {
                Refused[target]++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"Seed {seed} ({target}): {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MaxAllocated, $"Seed {seed} ({target}): {allocated} bytes were allocated");
            _mostAllocated = Math.Max(_mostAllocated, allocated);
            var elapsed = Stopwatch.GetElapsedTime(start);
            _longest = elapsed > _longest ? elapsed : _longest;
        }

        public override string ToString() =>
            $"{Tried.Values.Sum()} files ({string.Join(", ", Targets.Select(target => $"{target}: {Refused[target]} of {Tried[target]} refused"))}); "
            + $"most allocated {_mostAllocated >> 10} KiB, longest {_longest.TotalMilliseconds:F0} ms";

        private static (byte[] Checkpoint, byte[] Config) Make(string target, Mutator mutator) => target switch
        {
            "zip" => (mutator.Damage(TinyCheckpoints.Zip), TinyCheckpoints.Config),
            "pickle" => (Rebuilt(0, mutator), TinyCheckpoints.Config),
            "storage" => (Rebuilt(1 + mutator.Next(Records.Count - 1), mutator), TinyCheckpoints.Config),
            "legacy" => (mutator.Damage(TinyCheckpoints.Legacy), TinyCheckpoints.Config),
            "safetensors" => (mutator.Damage(TinyCheckpoints.Safetensors), TinyCheckpoints.Config),
            _ => (TinyCheckpoints.Zip, mutator.Damage(TinyCheckpoints.Config)),
        };

        /// <summary>A sound archive with one damaged record: its checksum is right, so that the damage is read.</summary>
        private static byte[] Rebuilt(int index, Mutator mutator)
        {
            var records = Records.ToArray();
            records[index] = (records[index].Name, mutator.Damage(records[index].Content));
            return ArchiveBuilder.Zip(records);
        }
    }
}
