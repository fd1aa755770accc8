namespace Nanodet.Serverless.LocalHost;

/// <summary>Says why the local host cannot do what was asked: what was expected and what was found.</summary>
/// <param name="code">A stable code, for example <c>unsupported_binding</c>.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="innerException">The cause, when there is one.</param>
public sealed class FunctionHostException(string code, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>
    /// A stable code: <c>invalid_options</c>, <c>not_a_function_app</c>, <c>storage_missing</c>, <c>unsupported_binding</c>,
    /// <c>worker_start_failed</c>, <c>worker_lost</c>, <c>azurite_missing</c> or <c>azurite_failed</c>.
    /// </summary>
    public string Code { get; } = code;
}
