using System.Globalization;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>Runs of their own, outside the tests: <c>./test.sh --chaos N</c>.</summary>
internal static class LongRuns
{
    public const string Verb = "chaos";
    public const string SoakVerb = "soak";

    /// <summary>Carries out N seeds, and prints a line for each.</summary>
    /// <param name="options">
    /// The number of seeds; <c>--first SEED</c> (default 1); <c>--images N</c> of the job and of the stream (default 1000);
    /// <c>--verbose</c>; <c>--hurry</c>, which does not wait for messages that are hidden; <c>--workers-only</c> (ten workers are killed,
    /// and nothing else); <c>--burners N</c> (default 2); <c>--set NAME=VALUE</c>, a setting of the app.
    /// </param>
    /// <returns>0 when nothing was lost in any of them.</returns>
    public static async Task<int> RunAsync(string[] options)
    {
        var seeds = options.Length > 0 ? int.Parse(options[0], CultureInfo.InvariantCulture) : 1;
        var first = Number(options, "--first", 1);
        var images = Number(options, "--images", 1000);
        var settings = options.Zip(options.Skip(1)).Where(pair => pair.First == "--set")
            .Select(pair => pair.Second.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Action<string> say = options.Contains("--verbose") ? Console.WriteLine : _ => { };
        var good = true;
        for (var seed = first; seed < first + seeds; seed++)
        {
            var plan = ChaosPlan.Long(seed, images);
            plan = plan with { Settings = new Dictionary<string, string>([.. plan.Settings.Where(one => !settings.ContainsKey(one.Key)), .. settings]) };
            plan = plan with { WaitsForHidden = !options.Contains("--hurry"), Burners = Number(options, "--burners", plan.Burners) };
            if (options.Contains("--workers-only"))
            {
                plan = plan with { Kills = [.. Enumerable.Repeat(Victim.Worker, 10)], FaultShare = 0, Publications = 0 };
            }

            var outcome = await ChaosRun.RunAsync(plan, say, CancellationToken.None);
            Console.WriteLine(outcome);
            foreach (var finding in outcome.Findings.Take(20))
            {
                Console.WriteLine($"  {finding}");
            }

            good &= outcome.IsGood;
        }

        return good ? 0 : 1;
    }

    /// <summary>A soak: many images through one app, <c>./test.sh --soak N</c>.</summary>
    /// <param name="options">The number of images, 27 to 50,000: a tenth of it or 1,000 at a time.</param>
    /// <returns>0 when what the app holds stays level, and no image of a round waits for over a minute.</returns>
    public static async Task<int> SoakAsync(string[] options)
    {
        var grown = await new SoakRun(int.Parse(options[0], CultureInfo.InvariantCulture), Console.WriteLine).RunAsync(CancellationToken.None);
        Console.WriteLine(grown.Count == 0 ? "level, and every round in time" : $"NOT GOOD: {string.Join("; ", grown)}");
        return grown.Count == 0 ? 0 : 1;
    }

    private static int Number(string[] options, string name, int otherwise)
    {
        var index = Array.IndexOf(options, name);
        return index < 0 ? otherwise : int.Parse(options[index + 1], CultureInfo.InvariantCulture);
    }
}
