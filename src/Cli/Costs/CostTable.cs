using System.Globalization;
using System.Text;

namespace Nanodet.Serverless.Cli.Costs;

/// <summary>The tables of docs/costs.md: what the command says, for the workloads that people ask about first.</summary>
internal static class CostTable
{
    private static readonly (string Name, long Images, bool IsByUpload)[] Days =
    [
        ("10,000 a night, by a job", 10_000, false),
        ("a million a day, by upload", 1_000_000, true),
        ("idle", 0, true),
    ];

    /// <summary>Rows of one profile, and totals of all of them, as Markdown.</summary>
    /// <param name="prices">The prices.</param>
    public static string Markdown(PriceList prices)
    {
        var model = new CostModel(prices);
        var text = new StringBuilder();
        var t4 = Reports(model, WorkerProfile.All[0], isScheduled: false);
        Row($"{prices.Currency} a day, T4", Days.Select(day => day.Name));
        Row("---", Days.Select(_ => "---"));
        for (var line = 0; line < t4[0].Lines.Count; line++)
        {
            var item = t4[0].Lines[line];
            Row($"{item.Item}{(item.IsAssumption ? " *" : string.Empty)}", t4.Select(day => Money(day.Lines[line].PerDay)));
        }

        Row("**together**", t4.Select(day => $"**{Money(day.PerDay)}**"));
        text.Append('\n');
        Row($"{prices.Currency} a month", Days.Select(day => day.Name));
        Row("---", Days.Select(_ => "---"));
        foreach (var profile in WorkerProfile.All)
        {
            Row(profile.Name, Reports(model, profile, isScheduled: false).Select(day => Money(day.PerMonth)));
            Row($"{profile.Name}, with the scheduler", Reports(model, profile, isScheduled: true).Select(day => Money(day.PerMonth)));
        }

        // The same for each profile.
        var apart = Reports(model, WorkerProfile.All[0], isScheduled: false, isPrivate: true);
        Row($"{WorkerProfile.All[0].Name}, with a private network", apart.Select(day => Money(day.PerMonth)));

        return text.ToString();

        void Row(string name, IEnumerable<string> cells) =>
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", cells)} |\n");
    }

    /// <summary>A sum of money.</summary>
    public static string Money(double value) => value.ToString("#,0.00", CultureInfo.InvariantCulture);

    /// <summary>A number of units.</summary>
    public static string Quantity(double value) => value.ToString(value < 100 ? "#,0.##" : "#,0", CultureInfo.InvariantCulture);

    private static CostReport[] Reports(CostModel model, WorkerProfile profile, bool isScheduled, bool isPrivate = false) =>
    [
        .. Days.Select(day => model.Estimate(new Workload
        {
            ImagesPerDay = day.Images,
            Profile = profile,
            IsByUpload = day.IsByUpload,
            IsScheduled = isScheduled,
            IsPrivate = isPrivate,
        })),
    ];
}
