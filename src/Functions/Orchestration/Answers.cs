using Microsoft.DurableTask;

namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>
/// Answers of activities that say what they are. The engine hands activities out before it has written down that it did: a host that dies
/// in between does not know of them. The next one goes through the same step again and may see more of what has come since, hand out
/// another activity under the same number, and receive the answer of the first. So the activities of one orchestration have one type of
/// answer, and whoever receives another one's asks again.
/// </summary>
internal static class Answers
{
    /// <summary>Each answer of another activity came of a host that died; more than these do not die within one step.</summary>
    private const int Most = 5;

    /// <summary>Calls an activity until the answer is its own.</summary>
    /// <param name="context">The orchestration's context.</param>
    /// <param name="activity">The activity's name.</param>
    /// <param name="input">Its input.</param>
    /// <param name="options">Its retries.</param>
    /// <param name="read">What the activity answers with; null where the answer is another one's.</param>
    /// <param name="subject">What the call is about, for the message.</param>
    /// <exception cref="InvalidOperationException">No answer was its own.</exception>
    public static async Task<T> AskAsync<TAnswer, T>(
        this TaskOrchestrationContext context, string activity, object input, TaskOptions options, Func<TAnswer, T?> read, string subject)
        where TAnswer : class
        where T : class
    {
        for (var attempt = 0; attempt < Most; attempt++)
        {
            if (await context.CallActivityAsync<TAnswer?>(activity, input, options) is { } answer && read(answer) is { } own)
            {
                return own;
            }
        }

        throw new InvalidOperationException(
            $"Expected an answer of {activity} for {subject}, found those of other activities, {Most} times.");
    }
}
