using System.Globalization;
using System.Text;

namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>The tables of docs/scale.md.</summary>
internal static class ScaleTable
{
    private const double T4 = 330;

    private static readonly (string Name, long Images, double Hours, bool IsByUpload)[] Days =
    [
        ("1 million a day, jobs", 1_000_000, 24, false),
        ("1 million in 4 hours, jobs", 1_000_000, 4, false),
        ("1 million a day, uploads", 1_000_000, 24, true),
        ("100 million a day, jobs", 100_000_000, 24, false),
        ("100 million a day, uploads", 100_000_000, 24, true),
    ];

    /// <summary>The simulation against what was measured.</summary>
    public static string Figures()
    {
        var text = new StringBuilder("| Measured on two cores | images/s | simulated | off by |\n| --- | --- | --- | --- |\n");
        foreach (var figure in LocalFigure.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {figure.Name} | {figure.Measured:F1} | {figure.Simulated:F1} | {100 * figure.Error:F0} % |\n");
        }

        return text.ToString();
    }

    /// <summary>What a load asks of one deployment, as shares of its limits.</summary>
    /// <param name="traffic">Bytes of an image; null for those that were measured.</param>
    public static string Limits(ImageTraffic? traffic = null)
    {
        var text = new StringBuilder();
        var plans = Array.ConvertAll(
            Days, day => (day.Name, Plan: ScalePlan.For(day.Images, day.Hours, day.IsByUpload, T4, traffic)));
        Row("Share of the limit of one deployment", plan => plan.Name);
        Row("---", _ => "---");
        Row("images a second", plan => Number(plan.Plan.Rate));
        for (var index = 0; index < plans[0].Plan.Demands.Count; index++)
        {
            var limit = plans[0].Plan.Demands[index];
            if (limit.Limit > 0)
            {
                var limits = plans.Select(plan => Number(plan.Plan.Demands[index].Limit)).Distinct();
                Row($"{limit.Part}: {string.Join(" or ", limits)} {limit.Unit} a second", plan => Share(plan.Plan.Demands[index].Share));
            }
        }

        Row("first limit", plan => plan.Plan.First.Part);
        Row("**deployments**", plan => $"**{plan.Plan.Deployments.ToString("#,0", CultureInfo.InvariantCulture)}**");
        Row("images and records of a day, TiB", plan => Number(plan.Plan.StoredTib));
        Row("a busy worker downloads, Gbit a second", plan => Number(plan.Plan.WorkerGbps));
        Row("T4 workers, together, all the time", plan => plan.Plan.Workers.ToString(CultureInfo.InvariantCulture));
        return text.ToString();

        void Row(string name, Func<(string Name, ScalePlan Plan), string> cell) =>
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", plans.Select(cell))} |\n");
    }

    private static string Share(double share) => share switch
    {
        0 => "0",
        < 0.001 => "< 0.1 %",
        _ => (100 * share).ToString(share < 0.1 ? "0.0" : "#,0", CultureInfo.InvariantCulture) + " %",
    };

    private static string Number(double value) => value.ToString(value < 100 ? "#,0.#" : "#,0", CultureInfo.InvariantCulture);
}
