using System.Text.Json;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Costs;

/// <summary>A file of prices with its date. The one that the program brings is a start for one's own.</summary>
internal sealed record PriceList
{
    private const string Resource = "Nanodet.Serverless.Cli.Costs.prices.json";

    /// <summary>When the prices were put together.</summary>
    public required DateOnly Date { get; init; }

    /// <summary>Their currency.</summary>
    public required string Currency { get; init; }

    /// <summary>What else there is to say of them.</summary>
    public string? Note { get; init; }

    /// <summary>The prices by name.</summary>
    public required IReadOnlyDictionary<string, Price> Prices { get; init; }

    /// <summary>A price.</summary>
    /// <param name="name">Its name in the file.</param>
    public Price this[string name] => Prices[name];

    /// <summary>The text of the file that the program brings.</summary>
    public static string OwnText()
    {
        using var reader = new StreamReader(typeof(PriceList).Assembly.GetManifestResourceStream(Resource)!);
        return reader.ReadToEnd();
    }

    /// <summary>The prices that the program brings.</summary>
    public static PriceList Own() => Parse(OwnText(), "the program's own prices", []);

    /// <summary>Reads a file of prices.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CliException">It is not there, is no such file, or lacks a price; the message names it.</exception>
    public static PriceList Read(FileInfo file) => file.Exists
        ? Parse(File.ReadAllText(file.FullName), file.ToString(), Own().Prices.Keys)
        : throw new CliException(
            "file_not_found", $"there is no file of prices at {file}. 'nanodet cost --write-prices {file}' makes one.");

    private static PriceList Parse(string text, string name, IEnumerable<string> needed)
    {
        PriceList list;
        try
        {
            list = JsonSerializer.Deserialize(text, CostJson.Default.PriceList) ?? throw new JsonException("null.");
        }
        catch (JsonException exception)
        {
            throw new CliException(
                "prices_invalid",
                $"{name}: expected a file of prices as 'nanodet cost --write-prices' makes it, found: {exception.Message}");
        }

        var missing = needed.Except(list.Prices.Keys).Order(StringComparer.Ordinal).ToArray();
        if (missing.Length > 0)
        {
            throw new CliException("prices_invalid", $"{name}: expected also the prices {string.Join(", ", missing)}, found none of them.");
        }

        foreach (var (key, price) in list.Prices.Where(pair => !(pair.Value.Amount >= 0 && double.IsFinite(pair.Value.Amount))))
        {
            throw new CliException("prices_invalid", $"{name}: expected '{key}' to be 0 or more, found {price.Amount}.");
        }

        return list;
    }
}
