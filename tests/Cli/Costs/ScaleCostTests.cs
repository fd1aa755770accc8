using System.Globalization;
using System.Text;
using Nanodet.Serverless.Cli.Costs;

namespace Nanodet.Serverless.Cli.Tests.Costs;

/// <summary>What docs/scale.md says about the price of a hundred million images a day is what the model of <c>nanodet cost</c> computes.</summary>
public sealed class ScaleCostTests
{
    private const long Images = 100_000_000;

    /// <summary>An image and its record: the measured sizes of docs/scale.md.</summary>
    private const double BytesOfAnImage = 146_572 + 1_120;

    private static readonly (string Name, int Deployments, bool IsByUpload)[] Ways =
    [
        ("by jobs, 4 deployments", 4, false), ("by upload, 120 deployments", 120, true),
    ];

    [Fact]
    public void Table_OfAHundredMillion_IsWhatTheModelComputes()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "scale.md")).ReplaceLineEndings("\n");

        Assert.Contains($"<!-- cost -->\n{Table(PriceList.Own())}<!-- end -->", document, StringComparison.Ordinal);
    }

    private static string Table(PriceList prices)
    {
        var model = new CostModel(prices);
        var days = Ways.Select(way => (way.Deployments, Report: model.Estimate(new Workload
        {
            ImagesPerDay = Images / way.Deployments,
            Profile = WorkerProfile.All[0],
            WorkersPerBurst = 1,
            IsByUpload = way.IsByUpload,
        }))).ToArray();
        var text = new StringBuilder();
        Row($"{prices.Currency} a day, T4, 100 million images", Ways.Select(way => way.Name));
        Row("---", Ways.Select(_ => "---"));
        for (var line = 0; line < days[0].Report.Lines.Count; line++)
        {
            var item = days[0].Report.Lines[line];
            Row(Name(item.Item, item.IsAssumption), days.Select(day => Money(day.Deployments * day.Report.Lines[line].PerDay)));
        }

        Row("**together**", days.Select(day => $"**{Money(day.Deployments * day.Report.PerDay)}**"));
        Row("a million images", days.Select(day => Money(day.Deployments * day.Report.PerDay / (Images / 1e6))));
        var kept = Images * BytesOfAnImage / (1L << 30) * prices["storedGibMonth"].Amount;
        Row(Name("beside it: the images of one day, kept for a month", prices["storedGibMonth"].Source is null), days.Select(_ => Money(kept)));
        return text.ToString();

        void Row(string name, IEnumerable<string> cells) =>
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", cells)} |\n");
    }

    private static string Name(string item, bool isAssumption) => isAssumption ? $"{item} *" : item;

    private static string Money(double value) => value.ToString(value < 100 ? "0.00" : "#,0", CultureInfo.InvariantCulture);
}
