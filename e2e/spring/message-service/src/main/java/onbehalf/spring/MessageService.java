package onbehalf.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Tells whom the message is for and who asks on their behalf, by the default decoder. */
@SpringBootApplication
public class MessageService {
  public static void main(String[] args) {
    SpringApplication.run(MessageService.class, args);
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(
            requests -> requests.requestMatchers("/message").hasAuthority("SCOPE_message.read").anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .build();
  }
}

@RestController
class MessageController {
  @GetMapping("/message")
  String message(@AuthenticationPrincipal Jwt token) {
    return "for " + token.getSubject() + " by " + token.getClaimAsMap("act").get("sub");
  }
}
