using Microsoft.Azure.WebJobs.Extensions.Timers;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>
/// An NCRONTAB expression read in UTC, as the Functions host in Azure reads it. The timer engine reads one in the time zone of the machine,
/// where a night's job would start at another time, and twice or not at all when the clocks change.
/// </summary>
/// <remarks>
/// The engine knows a schedule of somebody else's by its type alone, and makes it without arguments. So the type says which expression it
/// is: <see cref="TypeOf"/> gives each expression a number, and writes its digits as arguments of
/// <see cref="NumberedSchedule{THigh, TLow}"/>.
/// </remarks>
internal abstract class UtcSchedule : TimerSchedule
{
    private static readonly Type[] Digits =
    [
        typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float),
        typeof(double), typeof(decimal), typeof(char), typeof(bool), typeof(string), typeof(object), typeof(Guid),
    ];

    private static readonly Lock Gate = new();
    private static readonly List<string> Expressions = [];

    private readonly UtcTimes _times;

    private protected UtcSchedule(Type high, Type low)
    {
        lock (Gate)
        {
            _times = UtcTimes.Parse(Expressions[(Array.IndexOf(Digits, high) * Digits.Length) + Array.IndexOf(Digits, low)])!;
        }
    }

    /// <summary>The distance of two moments, not of two faces of a clock.</summary>
    public override bool AdjustForDST => true;

    /// <summary>The type to name to the engine; null when the text is no NCRONTAB expression, which is then the engine's to read.</summary>
    public static Type? TypeOf(string expression)
    {
        if (UtcTimes.Parse(expression) is null)
        {
            return null;
        }

        int number;
        lock (Gate)
        {
            number = Expressions.IndexOf(expression);
            if (number < 0)
            {
                number = Expressions.Count;
                Expressions.Add(expression);
            }
        }

        return number < Digits.Length * Digits.Length
            ? typeof(NumberedSchedule<,>).MakeGenericType(Digits[number / Digits.Length], Digits[number % Digits.Length])
            : throw new FunctionHostException("unsupported_binding", "More than 256 different timer schedules in one process.");
    }

    /// <inheritdoc/>
    public override DateTime GetNextOccurrence(DateTime now) => _times.Next(now);

    /// <inheritdoc/>
    public override string ToString() => _times.ToString();
}
