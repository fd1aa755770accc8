using System.Globalization;
using System.Net;
using System.Text;

namespace Nanodet.Serverless.Cli.Evaluation;

/// <summary>Charts as SVG text, for a page without scripts and without anything from elsewhere.</summary>
internal static class SvgChart
{
    private const int Width = 420;
    private const int Height = 300;
    private const int Left = 44;
    private const int Bottom = 36;
    private const int Top = 14;
    private const int Right = 12;
    private const int Ticks = 5;
    private const int BarHeight = 18;
    private const int BarLabel = 120;
    private static readonly string[] Colours = ["#1f6fb2", "#d1661c", "#3a8f3d", "#9b4fa5", "#b03a48", "#5b6b7a"];

    /// <summary>Lines in a square from 0 to 1.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="x">Name of the horizontal axis.</param>
    /// <param name="y">Name of the vertical axis.</param>
    /// <param name="lines">Names and points, 0 to 1.</param>
    public static string Lines(
        string title, string x, string y, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> lines)
    {
        var svg = Open(title, Width, Height);
        for (var tick = 0; tick <= Ticks; tick++)
        {
            var value = (double)tick / Ticks;
            Add(svg, $"<path class=\"grid\" d=\"M{X(value):0.#} {Y(0):0.#}V{Y(1):0.#}M{X(0):0.#} {Y(value):0.#}H{X(1):0.#}\"/>");
            Add(svg, $"<text x=\"{X(value):0.#}\" y=\"{Height - Bottom + 14}\" text-anchor=\"middle\">{value:0.0}</text>");
            Add(svg, $"<text x=\"{Left - 5}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:0.0}</text>");
        }

        Add(svg, $"<text x=\"{X(0.5):0.#}\" y=\"{Height - 6}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(x)}</text>");
        Add(svg, $"<text transform=\"translate(11 {Y(0.5):0.#}) rotate(-90)\" text-anchor=\"middle\">{WebUtility.HtmlEncode(y)}</text>");
        for (var i = 0; i < lines.Count; i++)
        {
            var colour = Colours[i % Colours.Length];
            var points = string.Join(' ', lines[i].Points.Select(point => Text($"{X(point.X):0.##},{Y(point.Y):0.##}")));
            Add(svg, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" points=\"{points}\"/>");
            if (lines.Count > 1)
            {
                var name = WebUtility.HtmlEncode(lines[i].Name);
                Add(svg, $"<text x=\"{X(0.03):0.#}\" y=\"{Y(0.04) - (14 * i):0.#}\" fill=\"{colour}\">{name}</text>");
            }
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>Bars from 0 to 1, one below the other; in groups where there are several values.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="bars">Names and values; a value below 0 could not be measured.</param>
    public static string Bars(string title, IReadOnlyList<(string Name, IReadOnlyList<double> Values)> bars)
    {
        var each = bars.Count == 0 ? 1 : bars.Max(bar => bar.Values.Count);
        var svg = Open(title, Width, (bars.Count * ((BarHeight * each) + 6)) + 8);
        var top = 4;
        foreach (var (name, values) in bars)
        {
            var middle = top + (BarHeight * values.Count / 2) + 4;
            Add(svg, $"<text x=\"{BarLabel - 6}\" y=\"{middle}\" text-anchor=\"end\">{WebUtility.HtmlEncode(name)}</text>");
            for (var i = 0; i < values.Count; i++)
            {
                var length = Math.Clamp(values[i], 0, 1) * (Width - BarLabel - 60);
                var label = values[i] < 0 ? "none" : Text($"{values[i]:0.000}");
                Add(svg, $"<rect x=\"{BarLabel}\" y=\"{top}\" width=\"{length:0.#}\" height=\"{BarHeight - 3}\" fill=\"{Colours[i]}\"/>");
                Add(svg, $"<text x=\"{BarLabel + length + 5:0.#}\" y=\"{top + 12}\">{label}</text>");
                top += BarHeight;
            }

            top += 6;
        }

        return svg.Append("</svg>").ToString();
    }

    private static StringBuilder Open(string title, int width, int height)
    {
        var name = WebUtility.HtmlEncode(title);
        return new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"<svg role=\"img\" aria-label=\"{name}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">");
    }

    private static void Add(StringBuilder svg, FormattableString text) => svg.Append(Text(text));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static double X(double value) => Left + (Math.Clamp(value, 0, 1) * (Width - Left - Right));

    private static double Y(double value) => Height - Bottom - (Math.Clamp(value, 0, 1) * (Height - Top - Bottom));
}
