using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>Options whose values have a range: outside it, the command line is wrong.</summary>
internal static class RangeValidation
{
    /// <summary>Refuses values outside a range.</summary>
    /// <param name="option">The option.</param>
    /// <param name="least">The least value.</param>
    /// <param name="most">The greatest value.</param>
    public static Option<T> Within<T>(this Option<T> option, T least, T most)
        where T : struct, INumber<T>
    {
        option.Validators.Add(result =>
        {
            // What cannot be parsed has its own error already.
            if (!result.Errors.Any() && result.Tokens.Count > 0)
            {
                Check(result, option.Name, result.GetValueOrDefault<T>(), least, most);
            }
        });
        return option;
    }

    /// <summary>Refuses values outside a range.</summary>
    /// <param name="option">The option.</param>
    /// <param name="least">The least value.</param>
    /// <param name="most">The greatest value.</param>
    public static Option<T?> Within<T>(this Option<T?> option, T least, T most)
        where T : struct, INumber<T>
    {
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<T?>() is { } value)
            {
                Check(result, option.Name, value, least, most);
            }
        });
        return option;
    }

    private static void Check<T>(System.CommandLine.Parsing.OptionResult result, string name, T value, T least, T most)
        where T : struct, INumber<T>
    {
        // Not a number is in no range.
        if (!(value >= least && value <= most))
        {
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name}: expected {least} to {most}, found {value}."));
        }
    }
}
